package cli

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"surgicase/domain/fault"
	"surgicase/domain/pay"
)

// told gives the locations of what is wrong.
func told(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return fmt.Sprint(err)
	}
	var at []string
	for _, field := range f.Fields {
		at = append(at, field.Location)
	}
	return strings.Join(at, "; ")
}

func TestReadPrices(t *testing.T) {
	rows, err := readPrices(strings.NewReader("\ufeffProcedure_Code, user_tier ,code_category,code_pay_amount\nz9001,1,SPINE,1000.5\nZ9002,999,,0\n"))
	want := []pay.Row{{Tier: 1, Code: "Z9001", Category: "SPINE", Amount: 100050}, {Tier: 999, Code: "Z9002"}}
	if err != nil || fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("read %v, %v", rows, err)
	}
	const head = "user_tier,procedure_code,code_pay_amount\n"
	for text, wrong := range map[string]string{
		"":                                "line 1",
		"user_tier,procedure_code\n":      "line 1",
		"x," + head:                       "line 1",
		"user_tier," + head:               "line 1",
		head + "1,Z9001\n":                "line 2",
		head + "1,Z9001,1\n\"1,Z9001,1\n": "line 3",
		head + "0,Z9001,1\n1,Z900,1\n1,Z9001,1.001\n1,Z9001,-1\n": "line 2 user_tier; line 3 procedure_code; line 4 code_pay_amount; line 5 code_pay_amount",
	} {
		if _, err := readPrices(strings.NewReader(text)); told(err) != wrong {
			t.Errorf("%q: wrong is %s, want %s", text, told(err), wrong)
		}
	}
	if _, err := readPrices(strings.NewReader(head + strings.Repeat("x,x,x\n", 100))); len(strings.Split(told(err), "; ")) != maxLineFaults {
		t.Errorf("%d faults are shown, want %d", len(strings.Split(told(err), "; ")), maxLineFaults)
	}
}

func TestReadCodes(t *testing.T) {
	codes, err := readCodes(strings.NewReader("code,description,kind,category,effective,end\nz9001,\"One, two\",HCPCS,SPINE,2026-01-01,2026-12-31\nZ9002,Two,,,,\n"))
	if err != nil || len(codes) != 2 || codes[0].Code != "Z9001" || codes[0].Kind != "hcpcs" || codes[0].Until.String() != "2026-12-31" || codes[1].Kind != "cpt" {
		t.Errorf("read %+v, %v", codes, err)
	}
	_, err = readCodes(strings.NewReader("code,description,effective,end\nZ90,,2026-02-30,\nZ9001,x,2026-02-02,2026-02-01\n"))
	if want := "line 2 code; line 2 description; line 2 effective; line 3 end"; told(err) != want {
		t.Errorf("wrong is %s, want %s", told(err), want)
	}
}

// What spreadsheets save is taken, or told what it is.
func TestReadWhatSpreadsheetsSave(t *testing.T) {
	plain := "code,description\r\nZ9001,Näht 5 µm – “so”\r\n"
	utf16 := func(order binary.AppendByteOrder, bom string) string {
		var out []byte
		for _, unit := range utf16.Encode([]rune(bom + plain)) {
			out = order.AppendUint16(out, unit)
		}
		return string(out)
	}
	windows, err := charmap.Windows1252.NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{
		"UTF-8": plain, "a BOM": "\ufeff" + plain, "UTF-16 LE": utf16(binary.LittleEndian, "\ufeff"), "UTF-16 BE": utf16(binary.BigEndian, "\ufeff"), "UTF-16 without a BOM": utf16(binary.LittleEndian, ""),
		"Windows-1252": windows, "semicolons": strings.ReplaceAll(plain, ",", ";"), "tabs": strings.ReplaceAll(plain, ",", "\t"), "sep": "sep=;\r\n" + strings.ReplaceAll(plain, ",", ";"),
		"quoted header": "\"code\",\"description\"\nZ9001,\"Näht 5 µm – “so”\"\n", "empty rows": "\n" + plain + ",\r\n  , \r\n\r\n", "empty columns": "code,description,,\nZ9001,Näht 5 µm – “so”,, \n,,,\n",
		"a short empty column": "code,description,\nZ9001,Näht 5 µm – “so”\n", "carriage returns": strings.ReplaceAll(plain, "\r\n", "\n"),
		"CSV (Macintosh)": strings.ReplaceAll(plain, "\r\n", "\r"),
	} {
		codes, err := readCodes(strings.NewReader(text))
		if err != nil || len(codes) != 1 || codes[0].Code != "Z9001" || codes[0].Description != "Näht 5 µm – “so”" {
			t.Errorf("%s: %+v, %v", what, codes, err)
		}
	}
	for text, wrong := range map[string]string{
		"PK\x03\x04xl": "line 1", "\xd0\xcf\x11\xe0": "line 1", "code|description\nZ9001|x\n": "line 1", "code,,description\nZ9001,,x\n": "line 1", "code,description,\nZ9001,x,y\n": "line 2",
		"sep=;\ncode;description\n;;\nZ90;x\n": "line 4 code", "code,description\n\n,\nZ90,x\n": "line 4 code",
	} {
		if _, err := readCodes(strings.NewReader(text)); told(err) != wrong {
			t.Errorf("%q: wrong is %s, want %s", text, told(err), wrong)
		}
	}
}
