package dynamo

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rostrum/internal/fault"
)

// Load answers an item as the newest write left it. Faults: not_found, unavailable.
func (db *DB) Load(ctx context.Context, table Table, key Key) (Item, error) {
	var item Item
	err := db.call(ctx, table, "load", func(ctx context.Context) error {
		answer, err := db.client.GetItem(ctx, &dynamodb.GetItemInput{
			TableName: aws.String(db.Name(table)), Key: key.item(), ConsistentRead: aws.Bool(true),
		})
		if err != nil {
			return err
		}
		if answer.Item == nil {
			return fault.New(fault.CodeNotFound, "there is no such item")
		}
		item = answer.Item
		return nil
	})
	return item, err
}

// Query asks for the items of one partition in the order of their sort key.
type Query struct {
	Table Table
	Index string // "": the table itself
	// Where is of the keys alone: one partition, and a range of the sort key if wanted.
	Where    Condition
	Backward bool  // the greatest sort key first
	Page     int32 // items asked for at once; 0: as many as fit into DynamoDB's 1 MiB
}

// Items answers the items of a query, page by page as they are wanted; each page is a call of its own. Of a table they are
// as the newest write left them; an index follows its table within moments. The first error is the last answer. Fault:
// unavailable.
func (db *DB) Items(ctx context.Context, q Query) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for next := db.first(q); ; {
			page, err := db.page(ctx, q, next)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if len(page.LastEvaluatedKey) == 0 {
				return
			}
			next.ExclusiveStartKey = page.LastEvaluatedKey
		}
	}
}

// first is the call for a query's first page.
func (db *DB) first(q Query) *dynamodb.QueryInput {
	e := q.Where.expression()
	in := &dynamodb.QueryInput{
		TableName: aws.String(db.Name(q.Table)), KeyConditionExpression: e.text,
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ScanIndexForward: aws.Bool(!q.Backward), Select: types.SelectAllAttributes,
	}
	if q.Page > 0 {
		in.Limit = aws.Int32(q.Page)
	}
	if q.Index == "" {
		in.ConsistentRead = aws.Bool(true) // indexes refuse it
	} else {
		in.IndexName = aws.String(q.Index)
	}
	return in
}

func (db *DB) page(ctx context.Context, q Query, in *dynamodb.QueryInput) (page *dynamodb.QueryOutput, err error) {
	err = db.call(ctx, q.Table, "query", func(ctx context.Context) error {
		page, err = db.client.Query(ctx, in)
		return err
	})
	return page, err
}
