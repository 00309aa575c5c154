// Package nppes writes files as CMS publishes them, of any size, with invented providers and with
// everything that real files have been seen to hold.
package nppes

import (
	"archive/zip"
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"surgicase/domain/npi"
	layout "surgicase/domain/nppes"
)

// Spec says what a data file holds. Equal specs make equal files.
type Spec struct {
	Rows    int
	First   int    // number of the first provider; each row is about the next one
	Seed    uint64 // of names and addresses
	Updated string // Last Update Date of the rows; 01/15/2026 if empty
	Hostile int    // of a thousand rows, how many are hostile
}

// Columns that are filled, by their positions.
const (
	colEntity, colReplacement, colEIN, colOrganization, colLast, colFirst, colMiddle = 1, 2, 3, 4, 5, 6, 7
	colMailing, colLine, colCity, colState, colZIP, colCountry, colPhone             = 20, 28, 30, 31, 32, 33, 34
	colEnumerated, colUpdated, colReason, colDeactivated, colReactivated, colSex     = 36, 37, 38, 39, 40, 41
	colTaxonomy, colLicence, colLicenceState, colSwitch, colOtherID, colSole         = 47, 48, 49, 50, 107, 307
)

// Number is the NPI of the nth provider.
func Number(n int) string {
	number, err := npi.Make(fmt.Sprintf("%09d", 100_000_000+n))
	if err != nil {
		panic(err)
	}
	return number.String()
}

// WriteCSV writes a data file with its header.
func WriteCSV(out io.Writer, spec Spec) error {
	w := bufio.NewWriterSize(out, 1<<20)
	_, _ = w.WriteString(`"` + strings.Join(layout.Columns, `","`) + "\"\n")
	g := generator{Spec: spec, dice: rand.New(rand.NewPCG(spec.Seed, 2))}
	if g.Updated == "" {
		g.Updated = "01/15/2026"
	}
	for i := range spec.Rows {
		_, _ = w.WriteString(g.row(spec.First + i))
	}
	return w.Flush()
}

// WriteZIP writes a data file in a ZIP with the company it has in real ones.
func WriteZIP(out io.Writer, spec Spec) error {
	archive := zip.NewWriter(out)
	for _, entry := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"othername_pfile_20260112-20260118.csv", text("\"NPI\"\n")},
		{"npidata_pfile_20260112-20260118_FileHeader.csv", text("\"NPI\"\n")},
		{"npidata_pfile_20260112-20260118.csv", func(w io.Writer) error { return WriteCSV(w, spec) }},
		{"NPPES_Data_Dissemination_Readme.pdf", text("%PDF-1.4")},
	} {
		w, err := archive.Create(entry.name)
		if err == nil {
			err = entry.write(w)
		}
		if err != nil {
			return err
		}
	}
	return archive.Close()
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

type generator struct {
	Spec
	dice *rand.Rand
}

// blank is a row in which nothing is filled in.
var blank = make([]string, len(layout.Columns))

// row writes the nth provider: three of four are people.
func (g *generator) row(n int) string {
	f := append([]string{}, blank...)
	f[0], f[colUpdated], f[colEnumerated] = Number(n), g.Updated, "05/23/2005"
	f[colLine], f[colCity] = fmt.Sprintf("%d %s ST STE %d", 1+g.dice.IntN(9999), lastName(g.dice), 1+g.dice.IntN(400)), lastName(g.dice)+"VILLE"
	f[colState], f[colZIP], f[colCountry], f[colPhone] = states[g.dice.IntN(len(states))], fmt.Sprintf("%09d", g.dice.IntN(999_999_999)), "US", "5035550100"
	f[colMailing] = "PO BOX " + fmt.Sprint(1+g.dice.IntN(9999))
	f[colTaxonomy], f[colLicence], f[colLicenceState], f[colSwitch] = "208600000X", "TEST0001", f[colState], "Y"
	if g.dice.IntN(4) > 0 {
		f[colEntity], f[colLast], f[colFirst], f[colMiddle], f[colSex], f[colSole] = "1", lastName(g.dice), firstName(g.dice), "Q", "F", "N"
	} else {
		f[colEntity], f[colOrganization], f[colEIN] = "2", organization(g.dice), "<UNAVAIL>"
	}
	if g.dice.IntN(1000) < g.Hostile {
		return hostile[g.dice.IntN(len(hostile))](g, n, f)
	}
	return quoted(f)
}

func quoted(f []string) string { return `"` + strings.Join(f, `","`) + "\"\n" }

// hostile rows are what files have held or could hold, by what is odd about them.
var hostile = []func(g *generator, n int, f []string) string{
	func(_ *generator, _ int, f []string) string { // the publisher's own quotes and braces
		f[colLine], f[colOtherID] = "THE 'OLD' HOUSE, {NORTH}", "{\"x\":1}"
		f[colOtherID] = "{'x':1}"
		return quoted(f)
	},
	func(_ *generator, _ int, f []string) string { // masked numbers
		f[colLicence], f[colOtherID], f[colEIN] = "$$$$$$$$$", "*********", "=========="
		return quoted(f)
	},
	func(_ *generator, _ int, f []string) string { // letters beyond ASCII
		f[colCity] = "CAÑON CITY"
		if f[colEntity] == "1" {
			f[colLast], f[colFirst] = "NÚÑEZ-O’BRIEN", "ZOË"
		}
		return quoted(f)
	},
	func(_ *generator, _ int, f []string) string { // doubled quotes and a line end in a field
		f[colLine] = "1 \"\"SAMPLE\"\" PLAZA\n2ND FLOOR"
		return quoted(f)
	},
	func(_ *generator, _ int, f []string) string { // deactivated: nothing but numbers and dates
		row := append([]string{}, blank...)
		row[0], row[colUpdated], row[colReason], row[colDeactivated] = f[0], f[colUpdated], "DT", f[colUpdated]
		return quoted(row)
	},
	func(_ *generator, _ int, f []string) string { // reactivated
		f[colDeactivated], f[colReactivated] = "01/02/2020", "03/04/2020"
		return quoted(f)
	},
	func(g *generator, _ int, f []string) string { // a provider that was there before
		f[0] = Number(g.First)
		return quoted(f)
	},
	func(*generator, int, []string) string { return quoted(blank) },
	func(_ *generator, _ int, f []string) string { // wrong check digit
		f[0] = "1234567890"
		return quoted(f)
	},
	func(_ *generator, _ int, f []string) string { // no such day
		f[colUpdated] = "02/30/2026"
		return quoted(f)
	},
	func(_ *generator, _ int, f []string) string { // too few columns
		return quoted(f[:200])
	},
	func(_ *generator, _ int, f []string) string { // not UTF-8
		f[colCity] = "CA\xd1ON"
		return quoted(f)
	},
	func(_ *generator, _ int, f []string) string { // longer than its column
		f[colFirst], f[colOrganization] = strings.Repeat("X", 101), strings.Repeat("X", 101)
		return quoted(f)
	},
	func(_ *generator, _ int, f []string) string { // without quotes, as the layout allows nobody
		for i := range f {
			f[i] = strings.ReplaceAll(f[i], ",", " ")
		}
		return strings.Join(f, ",") + "\n"
	},
}
