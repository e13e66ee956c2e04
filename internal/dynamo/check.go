package dynamo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ErrTables says that tables are missing or others than wanted; the text around it says which and how.
var ErrTables = errors.New("the tables are not as wanted")

// CheckTables compares the tables with their definition. Errors: ErrTables with every difference, a line each; the fault
// unavailable where they cannot be seen.
func (db *DB) CheckTables(ctx context.Context) error {
	var differences []string
	for _, table := range db.inOrder() {
		found, err := db.check(ctx, table)
		if err != nil {
			return err
		}
		for _, difference := range found {
			differences = append(differences, "table "+db.Name(table)+" "+difference)
		}
	}
	if differences == nil {
		return nil
	}
	return fmt.Errorf("%w:\n%s", ErrTables, strings.Join(differences, "\n"))
}

// check answers how a table differs from its definition.
func (db *DB) check(ctx context.Context, table Table) ([]string, error) {
	described, err := db.describe(ctx, table)
	if err != nil {
		return nil, err
	}
	if described == nil {
		return []string{"is missing"}, nil
	}
	want := db.tables[table]
	differences := want.differences(described)
	if want.Expiry != "" && db.isAWS { // others do not delete what has expired, and nothing relies on it
		on, err := db.expires(ctx, table)
		if err != nil {
			return nil, err
		}
		if on != want.Expiry {
			differences = append(differences, fmt.Sprintf("deletes no expired items: its time to live is %q, not %q", on, want.Expiry))
		}
	}
	return differences, nil
}

func (d definition) differences(t *types.TableDescription) []string {
	var differences []string
	say := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }
	if t.TableStatus != types.TableStatusActive {
		say("is %s", t.TableStatus)
	}
	if got := schemaKeys(t.KeySchema); got != d.keys {
		say("has the key %v, not %v", got, d.keys)
	}
	for _, attribute := range t.AttributeDefinitions {
		name := aws.ToString(attribute.AttributeName)
		if want, known := d.Attributes[name]; known && string(attribute.AttributeType) != want {
			say("has %s of type %s, not %s", name, attribute.AttributeType, want)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Indexes)) {
		for _, difference := range d.Indexes[name].differences(find(t, name)) {
			say("%s", "index "+name+" "+difference)
		}
	}
	return differences
}

func find(t *types.TableDescription, name string) *types.GlobalSecondaryIndexDescription {
	for i, index := range t.GlobalSecondaryIndexes {
		if aws.ToString(index.IndexName) == name {
			return &t.GlobalSecondaryIndexes[i]
		}
	}
	return nil
}

func (i index) differences(got *types.GlobalSecondaryIndexDescription) []string {
	if got == nil {
		return []string{"is missing"}
	}
	var differences []string
	if got.IndexStatus != types.IndexStatusActive {
		differences = append(differences, fmt.Sprintf("is %s", got.IndexStatus))
	}
	if keys := schemaKeys(got.KeySchema); keys != i.keys {
		differences = append(differences, fmt.Sprintf("has the key %v, not %v", keys, i.keys))
	}
	if got.Projection == nil || string(got.Projection.ProjectionType) != i.Projection {
		differences = append(differences, "does not project "+i.Projection)
	}
	return differences
}

func schemaKeys(schema []types.KeySchemaElement) keys {
	var k keys
	for _, element := range schema {
		if element.KeyType == types.KeyTypeHash {
			k.Partition = aws.ToString(element.AttributeName)
		} else {
			k.Sort = aws.ToString(element.AttributeName)
		}
	}
	return k
}

// describe answers a table as it is; nil where there is none.
func (db *DB) describe(ctx context.Context, table Table) (described *types.TableDescription, err error) {
	err = db.call(ctx, table, "describe", func(ctx context.Context) error {
		answer, err := db.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(db.Name(table))})
		var missing *types.ResourceNotFoundException
		if errors.As(err, &missing) {
			return nil
		}
		if err == nil {
			described = answer.Table
		}
		return err
	})
	return described, err
}
