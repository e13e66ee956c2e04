package dynamo

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Fields reads an item. What is not there reads as empty, zero or false; the first attribute of another type than wanted
// is kept as Err.
type Fields struct {
	item Item
	err  error
}

// Read begins to read an item.
func Read(item Item) *Fields { return &Fields{item: item} }

// Err answers what was wrong with what was read so far.
func (f *Fields) Err() error { return f.err }

func (f *Fields) wrong(name, want string) {
	if f.err == nil {
		f.err = fmt.Errorf("attribute %s is no %s", name, want)
	}
}

// field answers an attribute of a type; nothing where it is not there.
func field[T types.AttributeValue](f *Fields, name, want string) (value T, found bool) {
	stored, there := f.item[name]
	if !there {
		return value, false
	}
	value, found = stored.(T)
	if !found {
		f.wrong(name, want)
	}
	return value, found
}

// Text reads a text.
func (f *Fields) Text(name string) string {
	if s, found := field[*types.AttributeValueMemberS](f, name, "text"); found {
		return s.Value
	}
	return ""
}

// Number reads a number.
func (f *Fields) Number(name string) uint64 {
	n, found := field[*types.AttributeValueMemberN](f, name, "number")
	if !found {
		return 0
	}
	value, err := strconv.ParseUint(n.Value, 10, 64)
	if err != nil {
		f.wrong(name, "whole number")
	}
	return value
}

// Flag reads a truth.
func (f *Fields) Flag(name string) bool {
	b, found := field[*types.AttributeValueMemberBOOL](f, name, "truth")
	return found && b.Value
}

// Bytes reads bytes.
func (f *Fields) Bytes(name string) []byte {
	if b, found := field[*types.AttributeValueMemberB](f, name, "bytes"); found {
		return b.Value
	}
	return nil
}

// Time reads a time, in UTC.
func (f *Fields) Time(name string) time.Time {
	text := f.Text(name)
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(moment, text)
	if err != nil {
		f.wrong(name, "time")
	}
	return t
}

// Texts reads a list of texts; nil where there are none.
func (f *Fields) Texts(name string) []string {
	var texts []string
	for _, element := range f.list(name) {
		text, ok := element.(*types.AttributeValueMemberS)
		if !ok {
			f.wrong(name, "list of texts")
			return nil
		}
		texts = append(texts, text.Value)
	}
	return texts
}

// Items reads a list of items; nil where there are none.
func (f *Fields) Items(name string) []Item {
	var items []Item
	for _, element := range f.list(name) {
		item, ok := element.(*types.AttributeValueMemberM)
		if !ok {
			f.wrong(name, "list of items")
			return nil
		}
		items = append(items, item.Value)
	}
	return items
}

func (f *Fields) list(name string) []types.AttributeValue {
	if l, found := field[*types.AttributeValueMemberL](f, name, "list"); found {
		return l.Value
	}
	return nil
}
