package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/npi"
)

type directoryRepo struct{ *session }

const recordColumns = "npi, entity_type, organization_name, last_name, first_name, address, city, state, zip, updated_on, deactivated_on, reactivated_on"

// Get implements ports.NPIDirectory.
func (r directoryRepo) Get(ctx context.Context, number npi.NPI) (npi.Record, error) {
	found, err := r.records(ctx, []int64{int64(number)}) //nolint:gosec // ten digits
	if err == nil && len(found) == 0 {
		err = fault.New(fault.NotFound, "npi_not_found", "The registry knows no such NPI.").Naming("npi", number.String())
	}
	return found[number], err
}

// Empty implements ports.NPIDirectory.
func (r directoryRepo) Empty(ctx context.Context) (bool, error) {
	var some int
	err := r.db.WithContext(ctx).Raw("SELECT EXISTS (SELECT 1 FROM npi_directory)").Row().Scan(&some)
	return some == 0, err
}

// records reads the records of some NPIs. It goes past GORM, which would spend more time on a row than
// the database does.
func (r directoryRepo) records(ctx context.Context, numbers []int64) (map[npi.NPI]npi.Record, error) {
	found := make(map[npi.NPI]npi.Record, len(numbers))
	for part := range slices.Chunk(numbers, npiChunk) {
		if err := r.read(ctx, part, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (r directoryRepo) read(ctx context.Context, numbers []int64, into map[npi.NPI]npi.Record) error {
	numbers = padded(numbers)
	args := make([]any, len(numbers))
	for i, n := range numbers {
		args[i] = n
	}
	rows, err := r.db.Statement.ConnPool.QueryContext(ctx, "SELECT "+recordColumns+" FROM npi_directory WHERE npi IN (?"+strings.Repeat(",?", len(args)-1)+")", args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		record, err := scanRecord(rows)
		if err != nil {
			return err
		}
		into[record.NPI] = record
	}
	return rows.Err()
}

func scanRecord(rows *sql.Rows) (npi.Record, error) {
	var r npi.Record
	var updated, deactivated, reactivated string
	a := &r.Address
	err := rows.Scan(&r.NPI, &r.Kind, &r.Organization, &r.Last, &r.First, &a.Line, &a.City, &a.State, &a.ZIP, &updated, &deactivated, &reactivated)
	r.Updated, r.Deactivated, r.Reactivated = dateOf(updated), dateOf(deactivated), dateOf(reactivated)
	return r, err
}

// The parts of a name a word can belong to. In the text of all words of a name each follows the sign of
// its part, so that a search for a word of a last name cannot find it in a first name.
const (
	partLast         = 1
	partFirst        = 2
	partOrganization = 3
)

var signs = [...]string{partLast: ">", partFirst: "<", partOrganization: ">"}

// nameWord is a row of npi_words without its text.
type nameWord struct {
	part int
	word string
}

// wordsOf gives the words under which a record is found, none if it is deactivated, and their text.
func wordsOf(r *npi.Record) (words []nameWord, text string) {
	if !r.Active() {
		return nil, ""
	}
	var b strings.Builder
	add := func(part int, name string) {
		for _, w := range npi.Words(name) {
			words = append(words, nameWord{part, w})
			b.WriteString(signs[part])
			b.WriteString(w)
		}
	}
	switch r.Kind {
	case npi.Individual:
		add(partLast, r.Last)
		add(partFirst, r.First)
	default:
		add(partOrganization, r.Organization)
	}
	return words, b.String()
}

// stateOf is the state as searches name it; other spellings, as of foreign provinces, cannot be searched.
func stateOf(r *npi.Record) string {
	if s := strings.ToUpper(strings.TrimSpace(r.Address.State)); len(s) == 2 && s[0] < 0x80 && s[1] < 0x80 {
		return s
	}
	return ""
}

// How a search is bounded. Of the words asked for, the one that fewest names have leads; enoughToTell
// is as far as they are counted. As long as the words of names do not avoid each other, a search then
// reads at most about the square root of fifty times the size of the directory.
const (
	enoughToTell  = 5000
	mostRanked    = 200 // matches that are ranked; more come from very common words only
	afterAnyWord  = "\U0010FFFF"
	longestSearch = 10 // words
)

// Search implements ports.NPIDirectory.
func (r directoryRepo) Search(ctx context.Context, q npi.Query) ([]npi.Record, error) {
	asked := askedFor(q)
	if len(asked) == 0 {
		return []npi.Record{}, nil
	}
	lead, err := r.rarest(ctx, asked)
	if err != nil {
		return nil, err
	}
	numbers, err := r.matches(ctx, asked, lead, q.State)
	if err != nil || len(numbers) == 0 {
		return []npi.Record{}, err
	}
	found, err := r.records(ctx, numbers)
	if err != nil {
		return nil, err
	}
	return ranked(found, asked, q.Limit), nil
}

func askedFor(q npi.Query) []nameWord {
	var asked []nameWord
	add := func(part int, words []string) {
		for _, w := range words {
			asked = append(asked, nameWord{part, w})
		}
	}
	if q.Kind == npi.Individual {
		add(partLast, q.Last)
		add(partFirst, q.First)
	} else {
		add(partOrganization, q.Name)
	}
	return asked[:min(len(asked), longestSearch)]
}

func (r directoryRepo) rarest(ctx context.Context, asked []nameWord) (lead int, err error) {
	fewest := enoughToTell + 1
	for i, w := range asked {
		if len(asked) == 1 {
			break
		}
		var n int
		err := r.db.WithContext(ctx).Raw("SELECT COUNT(1) FROM (SELECT npi FROM npi_words WHERE part = ? AND word >= ? AND word < ? LIMIT ?) AS some",
			w.part, w.word, w.word+afterAnyWord, fewest).Row().Scan(&n)
		if err != nil {
			return 0, err
		}
		if n < fewest {
			lead, fewest = i, n
		}
	}
	return lead, nil
}

// matches gives the NPIs that have all words, those with the leading word itself before those where it
// only begins a longer one.
func (r directoryRepo) matches(ctx context.Context, asked []nameWord, lead int, state string) ([]int64, error) {
	w := asked[lead]
	query := "SELECT npi FROM npi_words WHERE part = ? AND word >= ? AND word < ?"
	args := []any{w.part, w.word, w.word + afterAnyWord}
	for i, other := range asked {
		if i != lead {
			query += " AND INSTR(words, ?) > 0"
			args = append(args, signs[other.part]+other.word)
		}
	}
	if state != "" {
		query += " AND state = ?"
		args = append(args, state)
	}
	var numbers []int64
	err := r.db.WithContext(ctx).Raw(query+" ORDER BY part, word, npi LIMIT ?", append(args, mostRanked)...).Scan(&numbers).Error
	slices.Sort(numbers)
	return slices.Compact(numbers), err
}

// ranked puts those first of whose names most words were asked for whole.
func ranked(found map[npi.NPI]npi.Record, asked []nameWord, limit int) []npi.Record {
	type hit struct {
		npi.Record
		whole int
	}
	hits := make([]hit, 0, len(found))
	for _, r := range found {
		words, _ := wordsOf(&r)
		h := hit{Record: r}
		for _, w := range asked {
			if slices.Contains(words, w) {
				h.whole++
			}
		}
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(-cmp.Compare(a.whole, b.whole), cmp.Compare(a.Organization, b.Organization), cmp.Compare(a.Last, b.Last),
			cmp.Compare(a.First, b.First), cmp.Compare(a.NPI, b.NPI))
	})
	return mapped(hits[:min(len(hits), limit)], func(h hit) npi.Record { return h.Record })
}

// dateText writes a date as it is stored, empty for none. It runs three times for every row of a file.
func dateText(d civil.Date) string {
	if d.IsZero() {
		return ""
	}
	return string(d.Midnight().AppendFormat(make([]byte, 0, len(time.DateOnly)), time.DateOnly))
}
