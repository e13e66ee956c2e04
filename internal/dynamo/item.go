package dynamo

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Attributes that this package writes; items do not set them.
const (
	partitionAttribute = "pk"
	sortAttribute      = "sk"
	expiryAttribute    = "expires"
	writeAttribute     = "write" // which call of Put wrote the item
)

// Key is where an item stands: partition, and in tables that have one the place within.
type Key struct{ PK, SK string }

func (k Key) item() Item {
	item := Item{}
	item.SetText(partitionAttribute, k.PK)
	item.SetText(sortAttribute, k.SK)
	return item
}

// Item is the attributes of an item. What is empty, false or zero is left out and reads as that again.
type Item map[string]types.AttributeValue

// SetText sets an attribute to a text.
func (i Item) SetText(name, text string) {
	if text != "" {
		i[name] = &types.AttributeValueMemberS{Value: text}
	}
}

// SetNumber sets an attribute to a number.
func (i Item) SetNumber(name string, n uint64) {
	if n != 0 {
		i[name] = &types.AttributeValueMemberN{Value: strconv.FormatUint(n, 10)}
	}
}

// SetFlag sets an attribute to a truth.
func (i Item) SetFlag(name string, flag bool) {
	if flag {
		i[name] = &types.AttributeValueMemberBOOL{Value: true}
	}
}

// SetBytes sets an attribute to bytes, which must not change until the item is written.
func (i Item) SetBytes(name string, raw []byte) {
	if len(raw) > 0 {
		i[name] = &types.AttributeValueMemberB{Value: raw}
	}
}

// SetTime sets an attribute to a time, exact to the nanosecond.
func (i Item) SetTime(name string, t time.Time) {
	if !t.IsZero() {
		i.SetText(name, Moment(t))
	}
}

// SetTexts sets an attribute to texts in their order.
func (i Item) SetTexts(name string, texts []string) {
	list := make([]types.AttributeValue, len(texts))
	for n, text := range texts {
		list[n] = &types.AttributeValueMemberS{Value: text}
	}
	i.setList(name, list)
}

// SetItems sets an attribute to items within this one, in their order.
func (i Item) SetItems(name string, items []Item) {
	list := make([]types.AttributeValue, len(items))
	for n, item := range items {
		list[n] = &types.AttributeValueMemberM{Value: item}
	}
	i.setList(name, list)
}

func (i Item) setList(name string, list []types.AttributeValue) {
	if len(list) > 0 {
		i[name] = &types.AttributeValueMemberL{Value: list}
	}
}

// SetExpiry says when the item may be deleted; the zero time: never. Deleting takes days, so readers judge by a time that
// they keep themselves.
func (i Item) SetExpiry(t time.Time) {
	if !t.IsZero() {
		i.SetNumber(expiryAttribute, uint64(max(1, t.Add(time.Second-1).Unix())))
	}
}

// moment has one length and sorts by time.
const moment = "2006-01-02T15:04:05.000000000Z"

// Moment is a time as a text that sorts like the time.
func Moment(t time.Time) string { return t.UTC().Format(moment) }

// Ordered is a number as a text that sorts like the number: 20 digits.
func Ordered(n uint64) string {
	text := strconv.FormatUint(n, 10)
	const zeros = "00000000000000000000"
	return zeros[len(text):] + text
}
