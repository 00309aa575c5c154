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

// Equal amounts get equal answers, however they are spelled.
func TestPlainNumber(t *testing.T) {
	for text, want := range map[string]string{
		"1.25e1": "12.5", "1e-2": "0.01", "1.250": "1.25", "1.00000": "1", "1e2": "100", "1.10e1": "11", "0.5E+1": "5", "125e-2": "1.25", "0": "0", "0.00": "0", "0e5": "0", "100": "100", "10.10": "10.1",
		"-1.50": "-1.5", "-0": "-0", "1.001": "1.001", "12.345e1": "123.45", "1e400": "1e400", "1e-400": "1e-400", "1e99999999999999999999": "1e99999999999999999999", "null": "null", `"1"`: `"1"`, "": "",
		"0.1000000000000000055": "0.1000000000000000055", "99999999.990": "99999999.99", "1000000000000001e-7": "100000000.0000001",
	} {
		if got := string(plainNumber([]byte(text))); got != want {
			t.Errorf("%s is written %s, want %s", text, got, want)
		}
	}
}
