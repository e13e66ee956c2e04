package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rostrum/internal/fault"
)

// maxItem bounds an item, a little below DynamoDB's 400 KiB: the sum here is of names and values only.
const maxItem = 400_000

// Put writes an item in place of what stands at its key, where the condition holds of that. Otherwise it answers what
// stands there (nil: nothing) and the fault conflict. A write whose answer was lost and that was tried again is no conflict
// with itself. Faults: conflict, too_large, unavailable; after unavailable the item may have been written or not.
func (db *DB) Put(ctx context.Context, table Table, key Key, item Item, when Condition) (Item, error) {
	whole := key.item()
	maps.Copy(whole, item)
	mine := rand.Text()
	whole.SetText(writeAttribute, mine)
	if size := itemSize(whole); size > maxItem {
		return nil, fault.New(fault.CodeTooLarge, "this is too large to be kept: %d bytes of %d", size, maxItem)
	}
	e := when.expression()
	err := db.call(ctx, table, "put", func(ctx context.Context) error {
		_, err := db.client.PutItem(ctx, &dynamodb.PutItemInput{
			TableName: aws.String(db.Name(table)), Item: whole, ConditionExpression: e.text,
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		return err
	})
	stands, err := db.against(ctx, table, key, err)
	if fault.Is(err, fault.CodeConflict) && Read(stands).Text(writeAttribute) == mine {
		return nil, nil
	}
	return stands, err
}

// Delete deletes an item where the condition holds of it. Otherwise it answers what stands there and the fault conflict.
// What is not there is deleted already. Faults: conflict, unavailable.
func (db *DB) Delete(ctx context.Context, table Table, key Key, when Condition) (Item, error) {
	e := when.expression()
	err := db.call(ctx, table, "delete", func(ctx context.Context) error {
		_, err := db.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
			TableName: aws.String(db.Name(table)), Key: key.item(), ConditionExpression: e.text,
			ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
			ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
		})
		return err
	})
	stands, err := db.against(ctx, table, key, err)
	if fault.Is(err, fault.CodeConflict) && stands == nil {
		return nil, nil
	}
	return stands, err
}

// against finds what stands against a write whose condition did not hold. DynamoDB sends it along; others are asked.
func (db *DB) against(ctx context.Context, table Table, key Key, err error) (Item, error) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return nil, err
	}
	if failed.Item != nil {
		return failed.Item, err
	}
	stands, readErr := db.Load(ctx, table, key)
	if readErr != nil && !fault.Is(readErr, fault.CodeNotFound) {
		return nil, readErr
	}
	return stands, err
}

// itemSize is the bytes of an item's names and values.
func itemSize(item map[string]types.AttributeValue) int {
	size := 0
	for name, value := range item {
		size += len(name) + valueSize(value)
	}
	return size
}

func valueSize(value types.AttributeValue) int {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return len(v.Value)
	case *types.AttributeValueMemberM:
		return 3 + itemSize(v.Value)
	case *types.AttributeValueMemberL:
		size := 3
		for _, element := range v.Value {
			size += 1 + valueSize(element)
		}
		return size
	}
	return 1
}
