package httpapi

import (
	"encoding/json"
	"errors"

	"github.com/danielgtaylor/huma/v2"
)

// mostElements is how many elements an array in a body may have: the longest list that an endpoint
// takes has 20,000. Without it a small body of wrong elements would cost an error for each of them.
const mostElements = 20_000

// jsonFormat reads and writes JSON.
var jsonFormat = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		err := json.Unmarshal(data, v)
		if tree, ok := v.(*any); ok && err == nil && tooLong(*tree) {
			err = errors.New("an array has too many elements")
		}
		return err
	},
}

// tooLong says whether there is an array with too many elements anywhere in a value.
func tooLong(v any) bool {
	switch v := v.(type) {
	case []any:
		if len(v) > mostElements {
			return true
		}
		for _, element := range v {
			if tooLong(element) {
				return true
			}
		}
	case map[string]any:
		for _, member := range v {
			if tooLong(member) {
				return true
			}
		}
	}
	return false
}
