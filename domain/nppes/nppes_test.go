package nppes_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"surgicase/domain/fault"
	"surgicase/domain/npi"
	"surgicase/domain/nppes"
	files "surgicase/test/nppes"
)

func TestTheLayoutHas330Columns(t *testing.T) {
	if len(nppes.Columns) != 330 {
		t.Fatalf("%d columns", len(nppes.Columns))
	}
	for position, name := range map[int]string{ // as counted from the readme: spec/formats.md b
		0: "NPI", 4: "Provider Organization Name (Legal Business Name)", 20: "Provider First Line Business Mailing Address",
		28: "Provider First Line Business Practice Location Address", 36: "Provider Enumeration Date", 37: "Last Update Date", 39: "NPI Deactivation Date",
		40: "NPI Reactivation Date", 41: "Provider Sex Code", 47: "Healthcare Provider Taxonomy Code_1", 107: "Other Provider Identifier_1",
		307: "Is Sole Proprietor", 311: "Authorized Official Name Prefix Text", 314: "Healthcare Provider Taxonomy Group_1", 329: "Certification Date",
	} {
		if nppes.Columns[position] != name {
			t.Errorf("column %d is %q, not %q", position, nppes.Columns[position], name)
		}
	}
}

// outcome is what became of a row, in words.
func outcome(r npi.Record, err error) string {
	var rejected nppes.Rejected
	if errors.As(err, &rejected) {
		return "rejected: " + string(rejected)
	}
	return strings.Join([]string{
		r.NPI.String(), r.Name(), r.Address.Line, r.Address.City, r.Address.State, r.Address.ZIP, r.Updated.String(), r.Deactivated.String(), r.Reactivated.String(),
	}, "|")
}

func openBytes(t *testing.T, content []byte) (nppes.Rows, error) {
	t.Helper()
	file, err := nppes.Open(bytes.NewReader(content), int64(len(content)), "file")
	if err != nil {
		return nil, err
	}
	rows, closer, err := file.Read()
	if err == nil {
		t.Cleanup(func() { _ = closer.Close() })
	}
	return rows, err
}

// all reads a file to its end.
func all(t *testing.T, content []byte) (out []string, err error) {
	t.Helper()
	rows, err := openBytes(t, content)
	for err == nil {
		var record npi.Record
		record, err = rows.Next()
		var rejected nppes.Rejected
		if err == nil || errors.As(err, &rejected) {
			out, err = append(out, outcome(record, err)), nil
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return out, err
}

func hostileFile(t *testing.T, rows int) []byte {
	t.Helper()
	var content bytes.Buffer
	if err := files.WriteCSV(&content, files.Spec{Rows: rows, Seed: 3, Hostile: 300}); err != nil {
		t.Fatal(err)
	}
	return content.Bytes()
}

// The scanner cuts most rows by hand; encoding/csv must find the same in them.
func TestRowsAreReadAsEncodingCSVReadsThem(t *testing.T) {
	content := hostileFile(t, 2000)
	got, err := all(t, content)
	if err != nil {
		t.Fatal(err)
	}
	judge := csv.NewReader(bytes.NewReader(content))
	judge.FieldsPerRecord = -1
	header, err := judge.Read()
	if err != nil {
		t.Fatal(err)
	}
	rejected := map[string]int{}
	for i := 0; ; i++ {
		columns, err := judge.Read()
		if errors.Is(err, io.EOF) {
			if i != len(got) || i < 2000 {
				t.Fatalf("%d rows, not %d", len(got), i)
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		reason, is := strings.CutPrefix(got[i], "rejected: ")
		if is {
			rejected[reason]++
			continue
		}
		if len(columns) != len(header) {
			t.Fatalf("row %d has %d columns and was read as %s", i+1, len(columns), got[i])
		}
		for _, column := range []int{0, 28, 30, 32, 4, 5} {
			want := columns[column]
			if !utf8.ValidString(want) {
				want, _ = charmap.Windows1252.NewDecoder().String(want)
			}
			if columns[39] == "" && want != "" && !strings.Contains(got[i], want) {
				t.Fatalf("row %d lacks column %d, %q: %s", i+1, column, want, got[i])
			}
		}
	}
	for _, reason := range []string{
		"there is no NPI", "column NPI is no valid NPI", "column Last Update Date is not a date as MM/DD/YYYY", "it is not a row of the layout",
		"column Provider Organization Name (Legal Business Name) is longer than 100 characters",
	} {
		if rejected[reason] == 0 {
			t.Errorf("nothing was rejected because %s: %v", reason, rejected)
		}
	}
}

func TestColumnsInAnotherOrder(t *testing.T) {
	content := hostileFile(t, 1)
	lines := strings.SplitAfterN(string(content), "\n", 2)
	turn := func(line string) string {
		line = strings.TrimSuffix(line, "\n")
		columns := strings.Split(line[1:len(line)-1], `","`)
		slices.Reverse(columns)
		return `"` + strings.Join(columns, `","`) + "\"\r\n"
	}
	forth, err := all(t, content)
	if err != nil {
		t.Fatal(err)
	}
	back, err := all(t, []byte("\ufeff"+turn(lines[0])+turn(lines[1])))
	if err != nil || !slices.Equal(forth, back) {
		t.Errorf("%v\n%q\n%q", err, forth, back)
	}
}

func TestRows_Next_rejects_a_row_with_a_stray_quote_and_goes_on(t *testing.T) {
	var content bytes.Buffer
	if err := files.WriteCSV(&content, files.Spec{Rows: 5, Seed: 3}); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(content.String(), "\n")
	good, err := all(t, content.Bytes())
	if err != nil || len(good) != 5 {
		t.Fatalf("%d rows, %v", len(good), err)
	}
	spoiled := func(row int, change func(string) string) []byte {
		broken := slices.Clone(lines)
		broken[row] = change(broken[row])
		return []byte(strings.Join(broken, ""))
	}
	strayQuote := func(line string) string { return strings.Replace(line, `","`, `","THE 5" FOOT `, 1) }
	for name, change := range map[string]func(string) string{
		"one quote":                     strayQuote,
		"two quotes":                    func(line string) string { return strayQuote(strayQuote(line)) },
		"an inch sign at the end":       func(line string) string { return strings.Replace(line, `","`, `"","`, 1) },
		"a line break behind the quote": func(line string) string { return strings.Replace(strayQuote(line), "FOOT ", "FOOT\r\n", 1) },
		"more than a megabyte behind": func(line string) string {
			return strings.Replace(strayQuote(line), "FOOT ", strings.Repeat("FOOT ", 300_000), 1)
		},
		"megabytes of lines behind": func(line string) string {
			return strings.Replace(line, `","`, `","`+strings.Repeat("FOOT\n", 300_000), 1)
		},
	} {
		for row := 1; row <= 5; row++ {
			t.Run(name+" in row "+strconv.Itoa(row), func(t *testing.T) {
				got, err := all(t, spoiled(row, change))
				if row == 5 && strings.Contains(name, "megabyte") { // nothing tells it from a file that is none
					if fault.CodeOf(err) != "nppes_not_csv" || !slices.Equal(got, good[:4]) {
						t.Errorf("got %v, %q", err, got)
					}
					return
				}
				rejected := slices.DeleteFunc(slices.Clone(got), func(r string) bool { return !strings.HasPrefix(r, "rejected: ") })
				kept := slices.DeleteFunc(slices.Clone(got), func(r string) bool { return strings.HasPrefix(r, "rejected: ") })
				if want := slices.Delete(slices.Clone(good), row-1, row); err != nil || len(rejected) == 0 || !slices.Equal(kept, want) {
					t.Errorf("got %v, rejected %q, kept %q", err, rejected, kept)
				}
			})
		}
	}
}

func TestRows_Next_reads_values_in_Windows_1252(t *testing.T) {
	var content bytes.Buffer
	if err := files.WriteCSV(&content, files.Spec{Rows: 2, Seed: 3}); err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(content.Bytes(), []byte("\n"))
	columns := bytes.Split(lines[1], []byte(`","`))
	for value, want := range map[string]string{"CA\xd1ON": "|CAÑON|", "O\x92FALLON": "|O’FALLON|", "CA\x81ON": "neither UTF-8 nor Windows-1252"} {
		columns[30] = []byte(value)
		got, err := all(t, bytes.Join([][]byte{lines[0], bytes.Join(columns, []byte(`","`))}, nil))
		if err != nil || len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q: got %v, %q", value, err, got)
		}
	}
}

func TestFilesThatAreNone(t *testing.T) {
	good := hostileFile(t, 50)
	header, _, _ := strings.Cut(string(good), "\n")
	var zipped bytes.Buffer
	if err := files.WriteZIP(&zipped, files.Spec{Rows: 500}); err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(zipped.Bytes())
	flipped[len(flipped)/3] ^= 0x40
	for name, test := range map[string]struct {
		content []byte
		code    string
	}{
		"empty":                     {nil, "nppes_content"},
		"text":                      {[]byte("hello, world\n"), "nppes_header"},
		"one line without an end":   {[]byte("NPI,x"), "nppes_header"},
		"V1":                        {[]byte(strings.Replace(string(good), "Provider Sex Code", "Provider Gender Code", 1)), "nppes_v1"},
		"an unknown column":         {[]byte(strings.Replace(string(good), "Certification Date", "Certified On", 1)), "nppes_header"},
		"a column that is missing":  {[]byte(strings.Replace(header, `,"Last Update Date"`, "", 1) + "\n"), "nppes_header"},
		"a column that comes twice": {[]byte(strings.Replace(header, "Certification Date", "NPI", 1) + "\n"), "nppes_header"},
		"cut within a column":       {good[:len(good)-7], "nppes_cut"},
		"cut between columns":       {good[:bytes.LastIndex(good, []byte(`,""`))], "nppes_cut"},
		"no line end in a megabyte": {append(slices.Clone(good), bytes.Repeat([]byte{'x'}, 3<<20)...), "nppes_not_csv"},
		"a ZIP that was cut off":    {zipped.Bytes()[:zipped.Len()/2], "nppes_zip"},
		"a ZIP with a wrong bit":    {flipped, "nppes_zip"},
		"a ZIP without data":        {emptyZIP(t), "nppes_content"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := all(t, test.content)
			if !errors.Is(err, fault.Invalid) || fault.CodeOf(err) != test.code {
				t.Errorf("got %v", err)
			}
		})
	}
	if rows, err := all(t, good[:len(good)-1]); err != nil || len(rows) < 50 {
		t.Errorf("a last line without its end is whole: %d rows, %v", len(rows), err)
	}
	if rows, err := all(t, zipped.Bytes()); err != nil || len(rows) != 500 {
		t.Errorf("zipped: %d rows, %v", len(rows), err)
	}
}

func emptyZIP(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := files.ZIP(&b, map[string]string{"readme.pdf": "x", "npidata_pfile_20260101-20260107_FileHeader.csv": "NPI\n"}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReportOfDeactivatedNPIs(t *testing.T) {
	first, second := files.Number(1), files.Number(2)
	rows := [][2]string{{first, "09/14/2026"}, {"1234567890", "09/14/2026"}, {second, "46279"}, {second, "soon"}, {"", "09/14/2026"}}
	want := []string{
		first + "|||||||2026-09-14|", "rejected: column NPI is no valid NPI", second + "|||||||2026-09-14|", "rejected: the date is not one as MM/DD/YYYY", "rejected: there is no NPI",
	}
	for _, inline := range []bool{false, true} {
		var bare, zipped bytes.Buffer
		if err := errors.Join(files.WriteReport(&bare, rows, inline), files.WriteReportZIP(&zipped, rows, inline)); err != nil {
			t.Fatal(err)
		}
		for name, content := range map[string][]byte{"bare": bare.Bytes(), "in a ZIP": zipped.Bytes()} {
			if got, err := all(t, content); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, inline %t: %v\n%q", name, inline, err, got)
			}
		}
		if _, err := all(t, bare.Bytes()[:bare.Len()-30]); fault.CodeOf(err) != "nppes_zip" {
			t.Errorf("cut off: %v", err)
		}
	}
	var noHeader bytes.Buffer
	if err := files.ZIP(&noHeader, map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>"}); err != nil {
		t.Fatal(err)
	}
	if _, err := all(t, noHeader.Bytes()); fault.CodeOf(err) != "nppes_header" {
		t.Errorf("without a header: %v", err)
	}
}

func TestNamesOnThePage(t *testing.T) {
	page := `<a id='DDSMTH.ZIP.D' href='./NPPES_Data_Dissemination_January_2026_V2.zip'>full</a>
<A HREF='./NPPES_Data_Dissemination_122925_010426_Weekly_V2.zip'>w</A> <a href="./NPPES_Data_Dissemination_010526_011126_Weekly_V2.zip">w</a>
<a href='./NPPES_Data_Dissemination_122225_122825_Weekly_V2.zip'>w</a> <a href=./NPPES_Data_Dissemination_122225_122825_Weekly_V2.zip>again</a>
<a href='./NPPES_Data_Dissemination_010526_011126_Weekly.zip'>V1</a> <a href='../../etc/NPPES_Data_Dissemination_010526_011126_Weekly_V2.zip'>no</a>
<a href='https://evil.example/NPPES_Data_Dissemination_010526_011126_Weekly_V2.zip'>no</a> <a href='./NPPES_Data_Dissemination_999926_999926_Weekly_V2.zip'>no day</a>
<a href='./NPPES_Deactivated_NPI_Report_121425_V2.zip'>d</a> <a href='./NPPES_Deactivated_NPI_Report_011126_V2.zip'>d</a>`
	names := nppes.Names(page)
	if len(names) != 7 {
		t.Errorf("%d names: %q", len(names), names)
	}
	weekly := []string{
		"NPPES_Data_Dissemination_122225_122825_Weekly_V2.zip", "NPPES_Data_Dissemination_122925_010426_Weekly_V2.zip", "NPPES_Data_Dissemination_010526_011126_Weekly_V2.zip",
	}
	if got := nppes.Weekly(names); !slices.Equal(got, weekly) {
		t.Errorf("weekly: %q", got)
	}
	if got := nppes.Reports(names); len(got) != 2 || got[1] != "NPPES_Deactivated_NPI_Report_011126_V2.zip" {
		t.Errorf("reports: %q", got)
	}
}

func FuzzRead(f *testing.F) {
	var content bytes.Buffer
	if err := files.WriteCSV(&content, files.Spec{Rows: 3, Hostile: 500}); err != nil {
		f.Fatal(err)
	}
	f.Add(content.Bytes()[len(strings.Join(nppes.Columns, `","`))+3:])
	f.Add([]byte("\"1\"\n\"\n"))
	header := []byte(`"` + strings.Join(nppes.Columns, `","`) + "\"\n")
	f.Fuzz(func(t *testing.T, rows []byte) {
		got, err := all(t, slices.Concat(header, rows))
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Errorf("%v", err)
		}
		if most := bytes.Count(rows, []byte{'\n'}) + 1; len(got) > most {
			t.Errorf("%d rows of %d lines", len(got), most)
		}
	})
}
