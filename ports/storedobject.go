package ports

import (
	"context"
	"errors"
	"io"
	"strings"

	"surgicase/domain/document"
	"surgicase/domain/fault"
)

// StoredObject is an object that a row refers to.
type StoredObject struct {
	Key   string // may end in a patient's name: it is for the store of objects alone
	Want  document.Expected
	Table string
	Row   []RowKey // names and values of the row's key
}

// RowKey is a column of a row's key with its value.
type RowKey struct{ Column, Value string }

// Place names the row, and so the object, without its key: "case_documents human_case_id=17 kind=demo_file slot=0".
func (o StoredObject) Place() string {
	words := []string{o.Table}
	for _, k := range o.Row {
		words = append(words, k.Column+"="+k.Value)
	}
	return strings.Join(words, " ")
}

// ObjectState is what a check of a stored object finds.
type ObjectState int

// The states.
const (
	ObjectSound ObjectState = iota
	ObjectMissing
	ObjectDamaged
)

// CheckObject compares an object with what its row says of it: its size, and if isDeep its content, in constant memory.
//
// Faults: Unavailable.
func CheckObject(ctx context.Context, blobs Blobs, o StoredObject, isDeep bool) (ObjectState, error) {
	if !isDeep || len(o.Want.SHA256) == 0 {
		found, err := blobs.Stat(ctx, o.Key)
		return stateOf(o, found, err)
	}
	body, found, err := blobs.Get(ctx, o.Key, Span{})
	state, err := stateOf(o, found, err)
	if body == nil {
		return state, err
	}
	if state == ObjectSound && err == nil {
		_, err = io.Copy(io.Discard, document.NewVerified(body, found.Size, o.Want, func() { state = ObjectDamaged }))
	}
	closeErr := body.Close()
	if state == ObjectDamaged {
		return state, nil
	}
	return state, errors.Join(err, closeErr)
}

func stateOf(o StoredObject, found Object, err error) (ObjectState, error) {
	switch {
	case errors.Is(err, fault.NotFound), errors.Is(err, fault.Invalid): // no key of ours: there is none
		return ObjectMissing, nil
	case err == nil && !o.Want.IsSize(found.Size):
		return ObjectDamaged, nil
	}
	return ObjectSound, err
}
