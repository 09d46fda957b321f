package dynamodb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"bucketwatch/pkg/state"
)

// The attributes of an item: pk and sk (strings), version (number; absent: 0), data (binary; absent: none), expires
// (number, seconds since the Unix epoch; absent: never), mark (8 bytes, binary; tells one conditional write from another).

func encode(item state.Item) map[string]types.AttributeValue {
	attributes := keys(item.Partition, item.Sort)
	if item.Version != 0 {
		attributes["version"] = number(item.Version)
	}
	if len(item.Data) > 0 {
		attributes["data"] = &types.AttributeValueMemberB{Value: item.Data}
	}
	if !item.Expires.IsZero() {
		attributes["expires"] = number(item.Expires.Unix())
	}
	return attributes
}

// decode returns the item with these keys. Its Data is that of the attribute, not a copy.
func decode(partition, sort string, attributes map[string]types.AttributeValue) (state.Item, error) {
	item := state.Item{Partition: partition, Sort: sort}
	var err error
	if item.Version, err = numberOf(attributes, "version"); err != nil {
		return state.Item{}, err
	}
	if seconds, err := numberOf(attributes, "expires"); err != nil {
		return state.Item{}, err
	} else if attributes["expires"] != nil {
		item.Expires = time.Unix(seconds, 0).UTC()
	}
	switch data := attributes["data"].(type) {
	case nil:
	case *types.AttributeValueMemberB:
		item.Data = data.Value
	default:
		return state.Item{}, fmt.Errorf("its attribute data isn't binary: %T", data)
	}
	return item, nil
}

func keys(partition, sort string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": text(partition), "sk": text(sort)}
}

var versionName = map[string]string{"#version": "version"}

// versionIs returns the condition that an item has the version, and the values that it names. An item that isn't there
// has Version 0, as has one that was stored with it.
func versionIs(version int64) (condition string, values map[string]types.AttributeValue) {
	if version == 0 {
		return "attribute_not_exists(#version)", nil
	}
	return "#version = :version", map[string]types.AttributeValue{":version": number(version)}
}

func newMark() *types.AttributeValueMemberB {
	return &types.AttributeValueMemberB{Value: binary.BigEndian.AppendUint64(nil, rand.Uint64())}
}

func isMarked(attributes map[string]types.AttributeValue, mark *types.AttributeValueMemberB) bool {
	found, ok := attributes["mark"].(*types.AttributeValueMemberB)
	return ok && bytes.Equal(found.Value, mark.Value)
}

func text(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }

func number(value int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(value, 10)}
}

func textOf(attributes map[string]types.AttributeValue, name string) (string, error) {
	value, ok := attributes[name].(*types.AttributeValueMemberS)
	if !ok {
		return "", fmt.Errorf("its attribute %s isn't a string: %T", name, attributes[name])
	}
	return value.Value, nil
}

// numberOf returns 0 for an attribute that is absent.
func numberOf(attributes map[string]types.AttributeValue, name string) (int64, error) {
	if attributes[name] == nil {
		return 0, nil
	}
	value, ok := attributes[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("its attribute %s isn't a number: %T", name, attributes[name])
	}
	n, err := strconv.ParseInt(value.Value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("its attribute %s isn't a whole number: %w", name, err)
	}
	return n, nil
}
