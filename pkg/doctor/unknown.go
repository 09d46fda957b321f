package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"
)

// denials are the codes of a refusal for want of a permission, as the services spell it.
var denials = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "AuthorizationError": true, "AuthorizationErrorException": true,
	"UnauthorizedOperation": true, "Forbidden": true, "AWS.SimpleQueueService.AccessDenied": true,
}

// couldNotLook is the finding of a request that failed.
func couldNotLook(check string, err error) Finding {
	f := Finding{Check: check, Verdict: Unknown}
	unmade := fmt.Sprintf("The check %s could not be made:", check)
	operation := "AWS"
	var call *smithy.OperationError
	if errors.As(err, &call) {
		operation = call.Service() + " " + call.Operation()
	}
	var answer smithy.APIError
	switch {
	case errors.As(err, &answer) && denials[answer.ErrorCode()]:
		action := "the permission to do so"
		if call != nil {
			action = Action(call.Service(), call.Operation())
		}
		f.Fact = fmt.Sprintf("%s your credentials lack %s.", unmade, action)
		f.Fix = "Give them the permission, or use others (--profile). bucketwatch doctor --policy prints all that are needed."
	case errors.As(err, &answer):
		f.Fact = fmt.Sprintf("%s %s answered %s (%s).", unmade, operation, answer.ErrorCode(), strings.TrimRight(answer.ErrorMessage(), "."))
		f.Fix = "Try again; if it stays so, the answer says why."
	case errors.Is(err, context.DeadlineExceeded):
		f.Fact = fmt.Sprintf("%s %s did not answer in time.", unmade, operation)
		f.Fix = "Try again; if it stays so, does this machine reach AWS?"
	default:
		f.Fact = fmt.Sprintf("%s %v.", unmade, err)
		f.Fix = "Does aws sts get-caller-identity work? It takes the same credentials."
	}
	return f
}

// isCode tells whether AWS answered with an error of one of these codes.
func isCode(err error, codes ...string) bool {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return false
	}
	for _, code := range codes {
		if answer.ErrorCode() == code {
			return true
		}
	}
	return false
}
