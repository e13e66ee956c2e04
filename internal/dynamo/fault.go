package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"rostrum/internal/fault"
)

// Fault tells an error of the AWS SDK as ours: conflict where a condition does not hold, too_large for an item above
// DynamoDB's bound, unavailable for all that lies between us and the tables and may pass. An error of the request itself
// stays what it is, and so does the caller's own cancellation.
func Fault(err error) error {
	var (
		known  *fault.Fault
		failed *types.ConditionalCheckFailedException
		api    smithy.APIError
	)
	switch {
	case err == nil, errors.As(err, &known), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &failed):
		return conflict().Because(err)
	case errors.As(err, &api) && isOurFault(api.ErrorCode()):
		return err
	}
	return fault.Unavailable(err, "the database does not answer now; try again")
}

func conflict() *fault.Fault {
	return fault.New(fault.CodeConflict, "another change came first; read again")
}

// isOurFault says whether a request would fail the same way again and anywhere.
func isOurFault(code string) bool {
	switch code {
	case "ValidationException", "SerializationException", "UnknownOperationException", "ItemCollectionSizeLimitExceededException":
		return true
	}
	return false
}
