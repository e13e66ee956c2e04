package dynamo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
)

const (
	pollEvery = 200 * time.Millisecond
	// setupTimeout bounds the making of all tables where the caller's context has no deadline; AWS takes 10 to 20 s.
	setupTimeout = 2 * time.Minute
)

// CreateTables creates the tables that are missing, each paid by request, waits until all can be used, and checks them as
// CheckTables does. A table that is there is not changed, but that its expired items are deleted from now on.
func (db *DB) CreateTables(ctx context.Context) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, setupTimeout)
		defer cancel()
	}
	for _, table := range db.inOrder() {
		if err := db.create(ctx, table); err != nil {
			return err
		}
	}
	for _, table := range db.inOrder() {
		if err := db.awaitActive(ctx, table); err != nil {
			return err
		}
		if err := db.expire(ctx, table); err != nil {
			return err
		}
	}
	return db.CheckTables(ctx)
}

// create creates a table unless it is there, also where another creates it at the same time.
func (db *DB) create(ctx context.Context, table Table) error {
	described, err := db.describe(ctx, table)
	if err != nil || described != nil {
		return err
	}
	return db.call(ctx, table, "create", func(ctx context.Context) error {
		_, err := db.client.CreateTable(ctx, db.tables[table].input(db.Name(table)))
		var there *types.ResourceInUseException
		if errors.As(err, &there) {
			return nil
		}
		return err
	})
}

func (d definition) input(name string) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{
		TableName: aws.String(name), KeySchema: d.schema(), BillingMode: types.BillingModePayPerRequest,
	}
	for _, attribute := range slices.Sorted(maps.Keys(d.Attributes)) {
		in.AttributeDefinitions = append(in.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(attribute), AttributeType: types.ScalarAttributeType(d.Attributes[attribute]),
		})
	}
	for _, name := range slices.Sorted(maps.Keys(d.Indexes)) {
		in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(name), KeySchema: d.Indexes[name].schema(),
			Projection: &types.Projection{ProjectionType: types.ProjectionType(d.Indexes[name].Projection)},
		})
	}
	return in
}

func (k keys) schema() []types.KeySchemaElement {
	schema := []types.KeySchemaElement{{AttributeName: aws.String(k.Partition), KeyType: types.KeyTypeHash}}
	if k.Sort != "" {
		schema = append(schema, types.KeySchemaElement{AttributeName: aws.String(k.Sort), KeyType: types.KeyTypeRange})
	}
	return schema
}

// awaitActive waits until a table and its indexes can be used.
func (db *DB) awaitActive(ctx context.Context, table Table) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		described, err := db.describe(ctx, table)
		if err != nil || described != nil && isActive(described) {
			return err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return fmt.Errorf("wait for table %s: %w", db.Name(table), ctx.Err())
		}
	}
}

func isActive(t *types.TableDescription) bool {
	return t.TableStatus == types.TableStatusActive && !slices.ContainsFunc(t.GlobalSecondaryIndexes, func(i types.GlobalSecondaryIndexDescription) bool {
		return i.IndexStatus != types.IndexStatusActive
	})
}

// expire has a table's expired items deleted. Servers that cannot do so keep them; readers do not count them.
func (db *DB) expire(ctx context.Context, table Table) error {
	attribute := db.tables[table].Expiry
	if attribute == "" {
		return nil
	}
	on, err := db.expires(ctx, table)
	if err != nil || on == attribute {
		return err
	}
	err = db.call(ctx, table, "expire", func(ctx context.Context) error {
		_, err := db.client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
			TableName: aws.String(db.Name(table)),
			TimeToLiveSpecification: &types.TimeToLiveSpecification{
				AttributeName: aws.String(attribute), Enabled: aws.Bool(true),
			},
		})
		return err
	})
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() == "UnknownOperationException" {
		return nil
	}
	if err != nil { // perhaps because another is doing the same
		if on, _ := db.expires(ctx, table); on == attribute {
			return nil
		}
	}
	return err
}

// expires answers the attribute by which a table's items are deleted; "": none.
func (db *DB) expires(ctx context.Context, table Table) (attribute string, err error) {
	err = db.call(ctx, table, "describe", func(ctx context.Context) error {
		answer, err := db.client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(db.Name(table))})
		if err != nil || answer.TimeToLiveDescription == nil {
			return err
		}
		switch ttl := answer.TimeToLiveDescription; ttl.TimeToLiveStatus {
		case types.TimeToLiveStatusEnabled, types.TimeToLiveStatusEnabling:
			attribute = aws.ToString(ttl.AttributeName)
		}
		return nil
	})
	return attribute, err
}
