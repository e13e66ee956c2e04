package fault

import (
	"context"
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// domain marks an ErrorInfo as ours.
const domain = "rostrum"

// grpcCodes is the one table from codes to gRPC.
var grpcCodes = map[Code]codes.Code{
	CodeInvalid:              codes.InvalidArgument,
	CodeTooLarge:             codes.InvalidArgument,
	CodeUnauthenticated:      codes.Unauthenticated,
	CodeExpired:              codes.Unauthenticated,
	CodeForbidden:            codes.PermissionDenied,
	CodeNotFound:             codes.NotFound,
	CodeMethodNotAllowed:     codes.Unimplemented,
	CodeUnsupportedMedia:     codes.InvalidArgument,
	CodeNotLive:              codes.FailedPrecondition,
	CodeEnded:                codes.FailedPrecondition,
	CodeNotSeated:            codes.PermissionDenied,
	CodeHeld:                 codes.PermissionDenied,
	CodeRemoved:              codes.PermissionDenied,
	CodeHandsClosed:          codes.PermissionDenied,
	CodeStageFull:            codes.ResourceExhausted,
	CodeAlreadySeated:        codes.FailedPrecondition,
	CodeNotInvited:           codes.FailedPrecondition,
	CodeInviteExpired:        codes.FailedPrecondition,
	CodeQueueFull:            codes.ResourceExhausted,
	CodeIdle:                 codes.FailedPrecondition,
	CodeConflict:             codes.Aborted,
	CodePreconditionFailed:   codes.FailedPrecondition,
	CodePreconditionRequired: codes.FailedPrecondition,
	CodeIdempotencyMismatch:  codes.AlreadyExists,
	CodeFromAhead:            codes.OutOfRange,
	CodeBadSDP:               codes.InvalidArgument,
	CodeRateLimited:          codes.ResourceExhausted,
	CodeTooSlow:              codes.Aborted,
	CodeMoved:                codes.Aborted,
	CodeUnavailable:          codes.Unavailable,
	CodeTimeout:              codes.DeadlineExceeded,
	CodeInternal:             codes.Internal,
}

// Status turns err into what a gRPC handler returns. A context's end keeps its own code.
func Status(err error) error {
	if err == nil {
		return nil
	}
	var own *Fault // whatever its cause is
	if !errors.As(err, &own) && (errors.Is(err, context.Canceled) || status.Code(err) == codes.Canceled) {
		return status.FromContextError(context.Canceled).Err()
	}
	f := From(err)
	st := status.New(grpcCodes[f.Code], f.Message)
	info := &errdetails.ErrorInfo{Reason: string(f.Code), Domain: domain, Metadata: f.Details}
	with, detailErr := st.WithDetails(info)
	if detailErr != nil {
		return st.Err()
	}
	if f.RetryAfter > 0 {
		retry := &errdetails.RetryInfo{RetryDelay: durationpb.New(f.RetryAfter)}
		if withRetry, err := with.WithDetails(retry); err == nil {
			with = withRetry
		}
	}
	return with.Err()
}

// fromStatus answers the fault that a gRPC error carries, or nil where err is no gRPC error.
func fromStatus(err error) *Fault {
	if errors.Is(err, context.DeadlineExceeded) {
		return &Fault{Code: CodeTimeout, Message: "no answer in time", cause: err}
	}
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) {
		return nil
	}
	st := carrier.GRPCStatus()
	f := &Fault{Message: st.Message(), cause: nil}
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() == domain {
				f.Code, f.Details = Code(d.GetReason()), d.GetMetadata()
			}
		case *errdetails.RetryInfo:
			f.RetryAfter = d.GetRetryDelay().AsDuration()
		}
	}
	if f.Code != "" {
		return f
	}
	switch st.Code() {
	case codes.Unavailable:
		return &Fault{Code: CodeUnavailable, Message: "a service cannot be reached", cause: err}
	case codes.DeadlineExceeded:
		return &Fault{Code: CodeTimeout, Message: "no answer in time", cause: err}
	}
	return nil
}
