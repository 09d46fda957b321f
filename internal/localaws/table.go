package localaws

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

// A table is items by partition and sort key.
type table map[string]map[string]attributes

type itemKey struct{ partition, sort string }

// Limits of DynamoDB, in bytes.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	maxItemSize     = 400 << 10
	maxPage         = 1 << 20
	maxPartitionKey = 2048
	maxSortKey      = 1024
)

func (t table) put(key itemKey, item attributes) {
	if t[key.partition] == nil {
		t[key.partition] = map[string]attributes{}
	}
	t[key.partition][key.sort] = item
}

func (t table) getItem(request *dynamoRequest) (any, error) {
	key, err := checkKey(request.Key)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	if item := t[key.partition][key.sort]; item != nil {
		answer["Item"] = item
	}
	return answer, nil
}

func (t table) putItem(request *dynamoRequest) (any, error) {
	key, err := checkItem(request.Item)
	if err != nil {
		return nil, err
	}
	if err := checkCondition(request, t[key.partition][key.sort]); err != nil {
		return nil, err
	}
	t.put(key, request.Item)
	return struct{}{}, nil
}

func (t table) deleteItem(request *dynamoRequest) (any, error) {
	key, err := checkKey(request.Key)
	if err != nil {
		return nil, err
	}
	if err := checkCondition(request, t[key.partition][key.sort]); err != nil {
		return nil, err
	}
	delete(t[key.partition], key.sort)
	return struct{}{}, nil
}

var (
	conditionAbsent = regexp.MustCompile(`^attribute_not_exists\((#\w+)\)$`)
	conditionEqual  = regexp.MustCompile(`^(#\w+) = (:\w+)$`)
	keysBefore      = regexp.MustCompile(`^pk = (:\w+) AND sk < (:\w+)$`)
	keysBetween     = regexp.MustCompile(`^pk = (:\w+) AND sk BETWEEN (:\w+) AND (:\w+)$`)
)

// checkCondition holds the request's condition against the stored item, nil if
// there is none.
func checkCondition(request *dynamoRequest, stored attributes) error {
	expression, values := request.ConditionExpression, request.ExpressionAttributeValues
	met := false
	if m := conditionAbsent.FindStringSubmatch(expression); m != nil && len(values) == 0 {
		_, found := stored[request.ExpressionAttributeNames[m[1]]]
		met = !found
	} else if m := conditionEqual.FindStringSubmatch(expression); m != nil && len(values) == 1 && values[m[2]] != nil {
		// Numbers are compared as they are written: whole ones have one form.
		want := values[m[2]]
		kind, value := want.only()
		found := stored[request.ExpressionAttributeNames[m[1]]]
		met = found != nil && found[kind] == value
	} else if expression != "" || len(values) > 0 {
		return invalidRequest("Invalid ConditionExpression, or values for another: %s", expression)
	} else {
		met = true
	}
	if met {
		return nil
	}
	failed := &dynamoError{code: "ConditionalCheckFailedException", message: "The conditional request failed"}
	if request.ReturnValuesOnConditionCheckFailure == "ALL_OLD" {
		failed.item = stored
	}
	return failed
}

func (t table) query(request *dynamoRequest) (any, error) {
	values := request.ExpressionAttributeValues
	var partition string
	var within func(sort string) bool
	if m := keysBefore.FindStringSubmatch(request.KeyConditionExpression); m != nil && len(values) == 2 {
		partition = values[m[1]]["S"]
		until := values[m[2]]["S"]
		within = func(sort string) bool { return sort < until }
	} else if m := keysBetween.FindStringSubmatch(request.KeyConditionExpression); m != nil && len(values) == 3 {
		partition = values[m[1]]["S"]
		from, to := values[m[2]]["S"], values[m[3]]["S"]
		if from > to {
			return nil, invalidRequest("The BETWEEN operator requires upper bound to be greater than or equal to lower bound")
		}
		within = func(sort string) bool { return from <= sort && sort <= to }
	} else {
		return nil, invalidRequest("Invalid KeyConditionExpression: %s", request.KeyConditionExpression)
	}
	if len(request.ExclusiveStartKey) > 0 {
		start, err := checkKey(request.ExclusiveStartKey)
		if err != nil || start.partition != partition {
			return nil, invalidRequest("The provided starting key is invalid")
		}
		inner := within
		within = func(sort string) bool { return sort > start.sort && inner(sort) }
	}
	return t.page(partition, within), nil
}

// page returns the first items of a partition, in the order of the bytes of their
// sort keys, up to the one that makes it 1 MB.
func (t table) page(partition string, within func(sort string) bool) any {
	var sorts []string
	for sort := range t[partition] {
		if within(sort) {
			sorts = append(sorts, sort)
		}
	}
	slices.Sort(sorts)
	items, size := []attributes{}, 0
	answer := map[string]any{}
	for i, sort := range sorts {
		item := t[partition][sort]
		items = append(items, item)
		if size += item.size(); size >= maxPage && i < len(sorts)-1 {
			answer["LastEvaluatedKey"] = attributes{"pk": item["pk"], "sk": item["sk"]}
			break
		}
	}
	answer["Items"], answer["Count"], answer["ScannedCount"] = items, len(items), len(items)
	return answer
}

// only returns what a value has.
func (v attributeValue) only() (kind, value string) {
	for kind, value = range v {
	}
	return kind, value
}

// checkItem refuses an item that DynamoDB would.
func checkItem(item attributes) (itemKey, error) {
	for name, value := range item {
		kind, text := value.only()
		if len(value) != 1 || !strings.Contains("S N B", kind) {
			return itemKey{}, invalidRequest("Supplied AttributeValue of %s has more than one type, or one that is not known here", name)
		}
		if kind == "B" {
			if _, err := base64.StdEncoding.DecodeString(text); err != nil {
				return itemKey{}, invalidRequest("%s: %v", name, err)
			}
		}
	}
	if item.size() > maxItemSize {
		return itemKey{}, invalidRequest("Item size has exceeded the maximum allowed size")
	}
	return checkKey(attributes{"pk": item["pk"], "sk": item["sk"]})
}

func checkKey(key attributes) (itemKey, error) {
	k := itemKey{key["pk"]["S"], key["sk"]["S"]}
	switch {
	case len(key) != 2:
		return k, invalidRequest("The number of conditions on the keys is invalid")
	case k.partition == "" || k.sort == "":
		return k, invalidRequest("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value")
	case len(k.partition) > maxPartitionKey || len(k.sort) > maxSortKey:
		return k, invalidRequest("One or more parameter values were invalid: Size of key has exceeded the maximum size limit")
	}
	return k, nil
}

// size is what DynamoDB counts: names, and values by their kind.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (a attributes) size() int {
	size := 0
	for name, value := range a {
		size += len(name)
		switch kind, text := value.only(); kind {
		case "B":
			size += base64.StdEncoding.DecodedLen(len(text)) - strings.Count(text, "=")
		case "N":
			size += 1 + (len(text)+1)/2
		default:
			size += len(text)
		}
	}
	return size
}
