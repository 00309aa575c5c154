// Package iif reads IIF files as QuickBooks Desktop would, to judge those that we write. It is written from
// spec/formats.md d alone and shares no code with adapters/quickbooks.
package iif

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// File is what an IIF file holds.
type File struct {
	Accounts map[string]string // name to type
	Vendors  []Row
	Blocks   []Block
}

// Row is a line of data by its declared columns.
type Row map[string]string

// Block is a transaction: one TRNS line and its splits.
type Block struct {
	Kind   string
	Vendor string
	Number string
	Date   time.Time
	Cents  int64 // of the TRNS line
	Splits []int64
	Memo   string
	Detail string // the memo of the last split
}

var (
	accountTypes  = strings.Fields("BANK AR OCASSET FIXASSET OASSET AP CCARD OCLIAB LTLIAB EQUITY INC COGS EXP EXINC EXEXP")
	vendorColumns = strings.Fields("NAME PRINTAS ADDR1 ADDR2 ADDR3 ADDR4 ADDR5 VTYPE CONT1 CONT2 PHONE1 PHONE2 FAXNUM EMAIL NOTE TAXID LIMIT TERMS NOTEPAD" +
		" SALUTATION COMPANYNAME FIRSTNAME MIDINIT LASTNAME CUSTFLD1 CUSTFLD2 CUSTFLD3 1099 HIDDEN DELCOUNT")
	trnsColumns  = strings.Fields("TRNSID TRNSTYPE DATE ACCNT NAME CLASS AMOUNT DOCNUM MEMO CLEAR TOPRINT DUEDATE TERMS")
	splColumns   = strings.Fields("SPLID TRNSTYPE DATE ACCNT NAME CLASS AMOUNT DOCNUM MEMO CLEAR")
	plainAmount  = regexp.MustCompile(`^-?[0-9]+\.[0-9]{2}$`)
	taxpayer     = regexp.MustCompile(`^([0-9]{2}-[0-9]{7}|[0-9]{3}-[0-9]{2}-[0-9]{4})?$`)
	longest      = map[string]int{"NAME": 41, "COMPANYNAME": 41, "PRINTAS": 41, "ADDR1": 41, "ADDR2": 41, "ADDR3": 41, "ADDR4": 41, "ADDR5": 41, "DOCNUM": 20, "MEMO": 256}
	signOfKind   = map[string]int64{"BILL": -1, "BILL REFUND": 1}
	maxAccount   = 31 // of a level
	orderOfLists = []string{"ACCNT", "VEND", "TRNS"}
)

type reader struct {
	file    File
	columns map[string][]string
	stage   int
	names   map[string]bool
	numbers map[string]bool
	open    *Block
}

// Read accepts a file or says what is wrong with it.
func Read(content []byte) (*File, error) {
	r := &reader{file: File{Accounts: map[string]string{}}, columns: map[string][]string{}, names: map[string]bool{}, numbers: map[string]bool{}}
	for i := range content {
		if b := content[i]; (b < ' ' && b != '\t' && b != '\r' && b != '\n') || b > '~' {
			return nil, fmt.Errorf("byte %d is %#x: not plain ASCII text", i, b)
		}
	}
	lines := strings.Split(string(content), "\r\n")
	if len(lines) == 0 || lines[len(lines)-1] != "" {
		return nil, fmt.Errorf("the last line does not end")
	}
	for i, line := range lines[:len(lines)-1] {
		if strings.ContainsAny(line, "\r\n") {
			return nil, fmt.Errorf("line %d: an end of line that is not CRLF", i+1)
		}
		if err := r.line(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if r.open != nil {
		return nil, fmt.Errorf("the last transaction does not end")
	}
	return &r.file, nil
}

func (r *reader) line(cells []string) error {
	keyword, cells := cells[0], cells[1:]
	for _, cell := range cells {
		if strings.ContainsAny(cell, `";`) || strings.HasPrefix(cell, "!") || strings.TrimSpace(cell) != cell {
			return fmt.Errorf("the cell %q would break the import", cell)
		}
	}
	if name, declares := strings.CutPrefix(keyword, "!"); declares {
		return r.declare(name, cells)
	}
	columns, declared := r.columns[keyword]
	if !declared {
		return fmt.Errorf("%s before its header", keyword)
	}
	if len(cells) != len(columns) {
		return fmt.Errorf("%s has %d cells for %d columns", keyword, len(cells), len(columns))
	}
	row := Row{}
	for i, column := range columns {
		if most, bounded := longest[column]; bounded && keyword != "ACCNT" && len(cells[i]) > most {
			return fmt.Errorf("%s of %d characters is cut", column, len(cells[i]))
		}
		row[column] = cells[i]
	}
	switch keyword {
	case "ACCNT":
		return r.account(row)
	case "VEND":
		return r.vendor(row)
	case "TRNS":
		return r.begin(row)
	case "SPL":
		return r.split(row)
	default:
		return r.end()
	}
}

func (r *reader) declare(name string, columns []string) error {
	allowed := map[string][]string{"ACCNT": {"NAME", "ACCNTTYPE", "DESC"}, "VEND": vendorColumns, "TRNS": trnsColumns, "SPL": splColumns, "ENDTRNS": {}}
	known, ok := allowed[name]
	if !ok || r.columns[name] != nil {
		return fmt.Errorf("the header !%s is unknown or comes twice", name)
	}
	for _, column := range columns {
		if !slices.Contains(known, column) {
			return fmt.Errorf("!%s has no column %q", name, column)
		}
	}
	for _, needed := range map[string][]string{"ACCNT": {"NAME", "ACCNTTYPE"}, "VEND": {"NAME"}, "TRNS": {"TRNSTYPE", "ACCNT", "AMOUNT"}, "SPL": {"TRNSTYPE", "ACCNT", "AMOUNT"}}[name] {
		if !slices.Contains(columns, needed) {
			return fmt.Errorf("!%s lacks %s", name, needed)
		}
	}
	if at := slices.Index(orderOfLists, name); at >= 0 {
		if at < r.stage {
			return fmt.Errorf("!%s comes too late", name)
		}
		r.stage = at
	}
	r.columns[name] = append([]string{}, columns...)
	return nil
}

func (r *reader) account(row Row) error {
	if row["NAME"] == "" || slices.ContainsFunc(strings.Split(row["NAME"], ":"), func(level string) bool { return level == "" || len(level) > maxAccount }) || !slices.Contains(accountTypes, row["ACCNTTYPE"]) {
		return fmt.Errorf("no account: %v", row)
	}
	r.file.Accounts[row["NAME"]] = row["ACCNTTYPE"]
	return nil
}

func (r *reader) vendor(row Row) error {
	name := row["NAME"]
	switch key := strings.ToLower(name); {
	case name == "" || strings.Contains(name, ":"):
		return fmt.Errorf("no name of a vendor: %q", name)
	case r.names[key]:
		return fmt.Errorf("two vendors are called %q", name)
	case row["1099"] != "Y" && row["1099"] != "N":
		return fmt.Errorf("1099 says %q", row["1099"])
	case !taxpayer.MatchString(row["TAXID"]) || (row["1099"] == "Y") != (row["TAXID"] != ""):
		return fmt.Errorf("tax id %q with 1099 %s", row["TAXID"], row["1099"])
	default:
		r.names[key] = true
	}
	r.file.Vendors = append(r.file.Vendors, row)
	return nil
}

func (r *reader) begin(row Row) error {
	if r.open != nil || r.columns["SPL"] == nil || r.columns["ENDTRNS"] == nil {
		return fmt.Errorf("a transaction begins within another, or before its headers")
	}
	sign, known := signOfKind[row["TRNSTYPE"]]
	cents, date, err := amountAndDate(row)
	switch {
	case err != nil:
		return err
	case !known:
		return fmt.Errorf("a transaction of type %q", row["TRNSTYPE"])
	case cents*sign <= 0:
		return fmt.Errorf("%s of %s has the wrong sign", row["TRNSTYPE"], row["AMOUNT"])
	case r.file.Accounts[row["ACCNT"]] != "AP":
		return fmt.Errorf("%s on %q, which is no account payable", row["TRNSTYPE"], row["ACCNT"])
	case !r.names[strings.ToLower(row["NAME"])]:
		return fmt.Errorf("the vendor %q is not in the list", row["NAME"])
	case row["DOCNUM"] == "" || r.numbers[row["TRNSTYPE"]+row["DOCNUM"]]:
		return fmt.Errorf("the number %q is empty or comes twice", row["DOCNUM"])
	case row["DUEDATE"] == "" || slices.Contains(r.columns["TRNS"], "TERMS") && row["TERMS"] == "":
		return fmt.Errorf("the last cells are empty: %v", row)
	case row["CLEAR"] != "N" || row["TOPRINT"] != "N" || row["TRNSID"] != "":
		return fmt.Errorf("cleared, printed or numbered: %v", row)
	}
	r.numbers[row["TRNSTYPE"]+row["DOCNUM"]] = true
	r.open = &Block{Kind: row["TRNSTYPE"], Vendor: row["NAME"], Number: row["DOCNUM"], Date: date, Cents: cents, Memo: row["MEMO"]}
	return nil
}

func (r *reader) split(row Row) error {
	if r.open == nil {
		return fmt.Errorf("a split outside of a transaction")
	}
	cents, date, err := amountAndDate(row)
	switch {
	case err != nil:
		return err
	case row["TRNSTYPE"] != r.open.Kind || !date.Equal(r.open.Date):
		return fmt.Errorf("the split is of another type or day")
	case !slices.Contains([]string{"EXP", "COGS", "EXEXP"}, r.file.Accounts[row["ACCNT"]]):
		return fmt.Errorf("the split is on %q, which is no expense", row["ACCNT"])
	case cents*signOfKind[r.open.Kind] >= 0:
		return fmt.Errorf("a split of %s has the wrong sign", row["AMOUNT"])
	case row["CLEAR"] != "N" || row["SPLID"] != "":
		return fmt.Errorf("cleared or numbered: %v", row)
	}
	r.open.Splits, r.open.Detail = append(r.open.Splits, cents), row["MEMO"]
	return nil
}

func (r *reader) end() error {
	if r.open == nil || len(r.open.Splits) == 0 {
		return fmt.Errorf("the end of no transaction")
	}
	sum := r.open.Cents
	for _, split := range r.open.Splits {
		sum += split
	}
	if sum != 0 {
		return fmt.Errorf("the transaction is off by %d cents", sum)
	}
	r.file.Blocks = append(r.file.Blocks, *r.open)
	r.open = nil
	return nil
}

func amountAndDate(row Row) (cents int64, date time.Time, err error) {
	if !plainAmount.MatchString(row["AMOUNT"]) {
		return 0, date, fmt.Errorf("the amount %q", row["AMOUNT"])
	}
	if cents, err = strconv.ParseInt(strings.Replace(row["AMOUNT"], ".", "", 1), 10, 64); err != nil {
		return 0, date, err
	}
	date, err = time.Parse("01/02/2006", row["DATE"])
	return cents, date, err
}
