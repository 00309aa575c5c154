package sqlstore

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"
	"time"

	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

type runRepo struct{ *session }

type runRow struct {
	RunID          int64 `gorm:"primaryKey"`
	Kind           string
	OpenedAt       int64
	OpenedOn       sql.NullString
	OpenedBy       string
	PayDate        string
	Payments       int
	OpenedCents    int64
	OpenCents      int64
	SettledCents   int64
	CancelledCents int64
	ReversedCents  int64

	CarriesBalances int
}

func (runRow) TableName() string { return "payment_runs" }

type entryRow struct {
	EntryID           int64 `gorm:"primaryKey"`
	RunID             int64
	Kind              string
	PaymentID         sql.NullInt64
	HumanCaseID       int64
	Generation        int
	ProviderID        string
	CaseDate          string
	PayCategory       sql.NullString
	Codes             sql.NullString
	AmountCents       int64
	PriceTableVersion int64
	CreatedAt         int64 `gorm:"autoCreateTime:false"`
	EnteredOn         sql.NullString
	CreatedBy         string
	SettledAt         sql.NullInt64
	SettledBy         sql.NullString
	CancelledAt       sql.NullInt64
	ReversedAt        sql.NullInt64
	CarriedByRunID    sql.NullInt64
}

func (entryRow) TableName() string { return "payment_entries" }

func entryRowOf(e pay.Entry, by ident.UserID) entryRow {
	row := entryRow{
		RunID: e.RunID, Kind: string(e.Kind), PaymentID: nullInt(e.PaymentID), HumanCaseID: e.CaseNumber, Generation: e.Generation,
		ProviderID: string(e.Provider), CaseDate: e.CaseDate.String(), PayCategory: nullText(e.Category), Codes: codesText(e.Codes),
		AmountCents: int64(e.Amount), PriceTableVersion: int64(e.Table), CreatedAt: micros(e.At), EnteredOn: nullDate(e.On), CreatedBy: string(by), SettledAt: nullMicros(e.SettledAt),
	}
	if row.SettledAt.Valid {
		row.SettledBy = nullText(string(by))
	}
	return row
}

func (row entryRow) entry() pay.Entry {
	return pay.Entry{
		ID: row.EntryID, RunID: row.RunID, Kind: pay.EntryKind(row.Kind), PaymentID: row.PaymentID.Int64, CaseNumber: row.HumanCaseID,
		Generation: row.Generation, Provider: ident.UserID(row.ProviderID), CaseDate: dateOf(row.CaseDate), Category: row.PayCategory.String,
		Codes: billedCodes(row.Codes), Amount: pay.Cents(row.AmountCents), Table: pay.TableVersion(row.PriceTableVersion), At: instant(row.CreatedAt),
		On: dayOr(row.EnteredOn, row.CreatedAt), SettledAt: nullInstant(row.SettledAt), CarriedBy: row.CarriedByRunID.Int64,
	}
}

// dayOr returns a stored day; of rows that have none it was the day of the instant in UTC.
func dayOr(day sql.NullString, at int64) civil.Date {
	if !day.Valid {
		return civil.On(instant(at))
	}
	return dateOf(day.String)
}

// codesText stores codes; that there are none is something else than that nobody noted them.
func codesText(codes pay.BilledCodes) sql.NullString {
	return sql.NullString{String: strings.Join(codes, " "), Valid: codes != nil}
}

func billedCodes(text sql.NullString) pay.BilledCodes {
	switch {
	case !text.Valid:
		return nil
	case text.String == "":
		return pay.BilledCodes{}
	}
	return strings.Split(text.String, " ")
}

// Open implements ports.Runs.
func (r runRepo) Open(ctx context.Context, run *pay.Run, payments []pay.Entry) error {
	row := runRow{
		Kind: string(run.Kind), OpenedAt: micros(run.OpenedAt), OpenedOn: nullDate(run.OpenedOn), OpenedBy: string(run.OpenedBy), PayDate: run.PayDate.String(),
		Payments: run.Payments, OpenedCents: int64(run.Opened), OpenCents: int64(run.Open), SettledCents: int64(run.Settled),
		CarriesBalances: flag(run.Kind != pay.Imported),
	}
	db := r.db.WithContext(ctx)
	if err := db.Create(&row).Error; err != nil {
		return err
	}
	run.ID = row.RunID
	if err := r.noteCodes(ctx, payments); err != nil {
		return err
	}
	rows := make([]entryRow, len(payments))
	for i := range payments {
		payments[i].RunID = run.ID
		rows[i] = entryRowOf(payments[i], run.OpenedBy)
	}
	if len(rows) > 0 {
		if err := db.CreateInBatches(&rows, setBatch).Error; err != nil {
			return taken(err, fault.New(fault.Conflict, "already_in_run", "One of the cases has a payment already."))
		}
	}
	if run.Kind == pay.Imported { // its file holds what was open, and takes nothing back
		return nil
	}
	if err := r.carryBalances(ctx, run.ID); err != nil {
		return err
	}
	return db.Exec("UPDATE payment_entries SET carried_by_run_id = ? WHERE "+uncarried, run.ID).Error
}

// noteCodes gives payments the codes of their cases. The transaction has read the cases, and whoever moves
// them asks for the versions it has read: no edit comes in between.
func (r runRepo) noteCodes(ctx context.Context, payments []pay.Entry) error {
	for batch := range slices.Chunk(payments, 2*setBatch) {
		numbers := make([]int64, len(batch))
		for i, p := range batch {
			numbers[i] = p.CaseNumber
		}
		parts := caseParts{codes: make(map[int64][]surgical.Code, len(batch))}
		if err := r.loadCodes(ctx, numbers, parts); err != nil {
			return err
		}
		for i := range batch {
			batch[i].Codes = surgical.Billed(parts.codes[batch[i].CaseNumber])
		}
	}
	return nil
}

// uncarried are the counter entries that the next run will carry. Those of import runs are carried if they take
// back what was open when the run was opened: only that has a bill. What is cancelled always was; of reversals
// the payment tells. DISTINCT keeps MySQL from reading the table that it writes.
const uncarried = "carried_by_run_id IS NULL AND (kind = 'cancellation' OR kind = 'reversal' AND" +
	" (run_id IN (SELECT r.run_id FROM payment_runs r WHERE r.kind <> 'import') OR payment_id IN (SELECT o.entry_id FROM" +
	" (SELECT DISTINCT p.entry_id FROM payment_entries p JOIN payment_runs r ON r.run_id = p.run_id" +
	" WHERE r.kind = 'import' AND p.reversed_at IS NOT NULL AND p.settled_at > r.opened_at) o)))"

// Get implements ports.Runs.
func (r runRepo) Get(ctx context.Context, id int64) (pay.Run, error) {
	var row runRow
	if err := r.db.WithContext(ctx).Take(&row, "run_id = ?", id).Error; err != nil {
		return pay.Run{}, missing(err, "run_not_found", "There is no such payment run.")
	}
	return row.run(), nil
}

func (row runRow) run() pay.Run {
	return pay.Run{
		ID: row.RunID, Kind: pay.RunKind(row.Kind), OpenedAt: instant(row.OpenedAt), OpenedOn: dayOr(row.OpenedOn, row.OpenedAt), OpenedBy: ident.UserID(row.OpenedBy), PayDate: dateOf(row.PayDate),
		Payments: row.Payments, Opened: pay.Cents(row.OpenedCents), Open: pay.Cents(row.OpenCents), Settled: pay.Cents(row.SettledCents),
		Cancelled: pay.Cents(row.CancelledCents), Reversed: pay.Cents(row.ReversedCents),
	}
}

// Payments implements ports.Runs.
func (r runRepo) Payments(ctx context.Context, ids []int64) ([]pay.Entry, error) {
	found := []pay.Entry{}
	for batch := range slices.Chunk(ids, 2*setBatch) {
		var rows []entryRow
		err := r.db.WithContext(ctx).Where("entry_id IN ? AND kind = 'payment'", padded(batch)).Order("entry_id").Find(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			found = append(found, row.entry())
		}
	}
	return found, nil
}

// Settle implements ports.Runs.
func (r runRepo) Settle(ctx context.Context, ids []int64, by ident.UserID, at time.Time) error {
	return r.mark(ctx, ids, "settled_at IS NULL AND cancelled_at IS NULL", "settled_at = ?, settled_by = ?", micros(at), string(by))
}

// TakeBack implements ports.Runs.
func (r runRepo) TakeBack(ctx context.Context, entries []pay.Entry, by ident.UserID) error {
	var cancelled, reversed []int64
	var at time.Time
	rows := make([]entryRow, len(entries))
	for i, e := range entries {
		rows[i], at = entryRowOf(e, by), e.At
		if e.Kind == pay.Cancellation {
			cancelled = append(cancelled, e.PaymentID)
		} else {
			reversed = append(reversed, e.PaymentID)
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := r.db.WithContext(ctx).CreateInBatches(&rows, setBatch).Error; err != nil {
		return taken(err, fault.New(fault.Conflict, changedMeanwhile, "One of the payments was taken back already."))
	}
	if err := r.mark(ctx, cancelled, "settled_at IS NULL AND cancelled_at IS NULL", "cancelled_at = ?", micros(at)); err != nil {
		return err
	}
	return r.mark(ctx, reversed, "settled_at IS NOT NULL AND reversed_at IS NULL", "reversed_at = ?", micros(at))
}

// mark puts a mark on payments that all still fit, and brings the sums of their runs up to date.
func (r runRepo) mark(ctx context.Context, ids []int64, fits, set string, args ...any) error {
	runs := map[int64]bool{}
	for batch := range slices.Chunk(ids, 2*setBatch) {
		those := padded(batch)
		done := r.db.WithContext(ctx).Exec("UPDATE payment_entries SET "+set+" WHERE entry_id IN ? AND kind = 'payment' AND "+fits, append(slices.Clone(args), those)...)
		switch {
		case done.Error != nil:
			return done.Error
		case done.RowsAffected != int64(len(batch)):
			return raceLost()
		}
		var touched []int64
		if err := r.db.WithContext(ctx).Raw("SELECT DISTINCT run_id FROM payment_entries WHERE entry_id IN ?", those).Scan(&touched).Error; err != nil {
			return err
		}
		for _, run := range touched {
			runs[run] = true
		}
	}
	if len(runs) == 0 {
		return nil
	}
	return r.sumUp(ctx, slices.Sorted(maps.Keys(runs)))
}

// sumUp computes the sums of runs from their entries, so that they cannot drift.
func (r runRepo) sumUp(ctx context.Context, runs []int64) error {
	const sum = " = (SELECT COALESCE(SUM(e.amount_cents), 0) FROM payment_entries e WHERE e.run_id = payment_runs.run_id AND e.kind = 'payment' AND "
	return r.db.WithContext(ctx).Exec("UPDATE payment_runs SET"+
		" open_cents"+sum+"e.settled_at IS NULL AND e.cancelled_at IS NULL),"+
		" settled_cents"+sum+"e.settled_at IS NOT NULL),"+
		" cancelled_cents"+sum+"e.cancelled_at IS NOT NULL),"+
		" reversed_cents"+sum+"e.reversed_at IS NOT NULL)"+
		" WHERE run_id IN ?", padded(runs)).Error
}

// heldRow is a case that a run left out.
type heldRow struct {
	RunID       int64 `gorm:"primaryKey;autoIncrement:false"`
	HumanCaseID int64 `gorm:"primaryKey;autoIncrement:false"`
	ProviderID  string
	Reason      string
}

func (heldRow) TableName() string { return "payment_run_held" }

// Hold implements ports.Runs.
func (r runRepo) Hold(ctx context.Context, run int64, held []pay.Held) error {
	rows := make([]heldRow, len(held))
	for i, h := range held {
		rows[i] = heldRow{RunID: run, HumanCaseID: h.CaseNumber, ProviderID: string(h.Provider), Reason: string(h.Reason)}
	}
	if len(rows) == 0 {
		return nil
	}
	return r.db.WithContext(ctx).CreateInBatches(&rows, 2*setBatch).Error
}
