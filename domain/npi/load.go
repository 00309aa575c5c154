package npi

import "time"

// File is a file of NPPES that is loaded into the directory. Its content, not its name, tells whether
// it was loaded before.
type File struct {
	Name   string
	SHA256 []byte
	Size   int64
}

// Tally counts the rows of a file by what became of them.
type Tally struct {
	Rows      int64 // all of them so far
	Added     int64
	Changed   int64
	Unchanged int64 // the directory knew as much or newer
	Rejected  int64
}

// Plus adds up two tallies.
func (t Tally) Plus(o Tally) Tally {
	return Tally{t.Rows + o.Rows, t.Added + o.Added, t.Changed + o.Changed, t.Unchanged + o.Unchanged, t.Rejected + o.Rejected}
}

// Load is a file on its way into the directory. Claim is the number of this attempt: a later one makes
// the earlier one's batches fail.
type Load struct {
	ID         int64
	File       File
	Claim      int64
	Tally      Tally
	FinishedAt time.Time
}

// Batch is some rows of a file, one after the other.
type Batch struct {
	Rows     int64 // all of them, rejected ones too
	Records  []Record
	Rejected []Rejection
}

// Rejection is a row of a file that cannot be loaded, and why. Rows count from 1, without the header.
type Rejection struct {
	Row    int64
	Reason string
}

// Query asks for active records by the words of their names. Every word must begin a word of the name.
type Query struct {
	Kind        Kind
	First, Last []string // of individuals
	Name        []string // of organizations
	State       string   // two letters, or empty for all
	Limit       int
}
