package httpapi

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestWholeNumbersAreWrittenAsSuch(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`1.0`: `1`, `-0.0`: `-0`, `1e2`: `100`, `1.5e1`: `15`, `-2E+0`: `-2`, `12345678901234567890.00`: `12345678901234567890`, `7`: `7`,
		`1.5`: `1.5`, `1e-1`: `1e-1`, `1e30`: `1e30`, `1e999`: `1e999`,
		`{"a 1.0": "2.0 \" 3.0\\", "b": [4.0, 5.5,6e0], "c": null, "d": true, "é": "1.0"}`: `{"a 1.0": "2.0 \" 3.0\\", "b": [4, 5.5,6], "c": null, "d": true, "é": "1.0"}`,
	} {
		if got := string(wholeNumbers([]byte(text))); got != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

func TestWhatCannotBeDecodedIsTold(t *testing.T) {
	t.Parallel()
	type Row struct {
		Size int64 `json:"size"`
	}
	type body struct {
		Row
		Most Optional[int] `json:"most"`
		Rows []Row         `json:"rows"`
		Flag Flag          `json:"flag"`
	}
	for text, want := range map[string]string{
		`{"size": 2.0, "most": 3.0, "rows": [{"size": 4.0}], "flag": 1.0}`: "", `{"size": 1e30}`: "size", `{"most": 1e30}`: "most", `{"rows": [{"size": 1e30}]}`: "rows.size",
	} {
		var b body
		err := jsonFormat.Unmarshal([]byte(text), &b)
		if want == "" {
			if err != nil || b.Size != 2 || b.Most.Value != 3 || b.Rows[0].Size != 4 || !bool(b.Flag) {
				t.Errorf("%s: %v, %+v", text, err, b)
			}
			continue
		}
		if err == nil {
			t.Errorf("%s is decoded", text)
			continue
		}
		if name, ok := notHeldMember(err.Error()); !ok || name != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzWholeNumbers(f *testing.F) {
	f.Add(`{"a": [1.0, -2e3, "3.0\\\""]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var before, after any
		if json.Unmarshal([]byte(text), &before) != nil {
			return
		}
		if err := json.Unmarshal(wholeNumbers([]byte(text)), &after); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s is %v before and %v after", text, before, after)
		}
	})
}
