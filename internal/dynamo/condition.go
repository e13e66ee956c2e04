package dynamo

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Condition is an expression of DynamoDB: attributes stand in it as #name, values as :name. The zero Condition always
// holds. Expressions are written in code, never made of what came from outside.
type Condition struct {
	Text   string
	Values map[string]types.AttributeValue // by name, without the colon
}

// Absent holds where no item stands.
func Absent() Condition { return Condition{Text: "attribute_not_exists(#pk)"} }

// Holds is a condition with values, which are those of an item: Holds("#term < :term", values).
func Holds(text string, values Item) Condition { return Condition{Text: text, Values: values} }

// VersionBefore holds where the stored item's "version" is one below the one to be written: version 1 is a new item.
func VersionBefore(version uint64) Condition {
	if version <= 1 {
		return Absent()
	}
	before := Item{}
	before.SetNumber("before", version-1)
	return Holds("#version = :before", before)
}

var attributeNames = regexp.MustCompile(`#\w+`)

// expression is a condition as the SDK wants it; nil where there is none.
type expression struct {
	text   *string
	names  map[string]string
	values map[string]types.AttributeValue
}

func (c Condition) expression() expression {
	if c.Text == "" {
		return expression{}
	}
	e := expression{text: aws.String(c.Text)}
	for _, alias := range attributeNames.FindAllString(c.Text, -1) {
		if e.names == nil {
			e.names = map[string]string{}
		}
		e.names[alias] = alias[1:]
	}
	for name, value := range c.Values {
		if e.values == nil {
			e.values = map[string]types.AttributeValue{}
		}
		e.values[":"+name] = value
	}
	return e
}
