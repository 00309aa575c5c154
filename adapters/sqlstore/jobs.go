package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/job"
	"surgicase/ports"
)

type jobRepo struct{ *session }

// jobRow is a job that a scheduler knows.
type jobRow struct {
	Job        string `gorm:"primaryKey"`
	KnownSince int64
}

func (jobRow) TableName() string { return "jobs" }

// jobRunRow is a run of a job.
type jobRunRow struct {
	JobRunID    int64 `gorm:"primaryKey"`
	Job         string
	ScheduledAt int64
	ByHand      int
	StartedBy   string
	State       string
	Holder      string
	Lease       int64
	LeaseUntil  int64
	Attempts    int
	StartedAt   int64
	FinishedAt  sql.NullInt64
	Outcome     string
}

func (jobRunRow) TableName() string { return "job_runs" }

func (row jobRunRow) run() job.Run {
	return job.Run{
		ID: row.JobRunID, Job: row.Job, At: instant(row.ScheduledAt), ByHand: row.ByHand != 0, StartedBy: ident.UserID(row.StartedBy),
		State: job.State(row.State), Holder: row.Holder, Lease: row.Lease, LeaseUntil: instant(row.LeaseUntil), Attempts: row.Attempts,
		StartedAt: instant(row.StartedAt), FinishedAt: nullInstant(row.FinishedAt), Outcome: row.Outcome,
	}
}

// Know implements ports.Jobs.
func (r jobRepo) Know(ctx context.Context, names []string, now time.Time) (map[string]time.Time, error) {
	since, err := r.Known(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, ok := since[name]; ok {
			continue
		}
		if err := r.db.WithContext(ctx).Create(&jobRow{Job: name, KnownSince: micros(now)}).Error; err != nil {
			if errors.Is(err, gorm.ErrDuplicatedKey) {
				return nil, raceLost()
			}
			return nil, err
		}
		since[name] = now
	}
	return since, nil
}

// Known implements ports.Jobs.
func (r jobRepo) Known(ctx context.Context) (map[string]time.Time, error) {
	var known []jobRow
	if err := r.db.WithContext(ctx).Find(&known).Error; err != nil {
		return nil, err
	}
	since := make(map[string]time.Time, len(known))
	for _, row := range known {
		since[row.Job] = instant(row.KnownSince)
	}
	return since, nil
}

// Take implements ports.Jobs. It is decided for one who wants a run of the job at a time, see alone.
func (r jobRepo) Take(ctx context.Context, wanted job.Run, now time.Time) (job.Run, error) {
	db := r.db.WithContext(ctx)
	if err := r.alone(ctx, wanted.Job); err != nil {
		return job.Run{}, err
	}
	var held int
	err := db.Raw("SELECT COUNT(*) FROM job_runs WHERE job = ? AND state = 'running' AND lease_until > ? AND lease_until <= ? AND started_at <= ?"+r.share,
		wanted.Job, micros(now), micros(now.Add(job.MaxHold+ports.MaxClockSkew)), micros(now.Add(ports.MaxClockSkew))).
		Row().Scan(&held) // one from the future has expired
	if err != nil {
		return job.Run{}, err
	}
	if held > 0 {
		return job.Run{}, fault.New(fault.Conflict, "job_running", "The job is being worked on.").Naming("job", wanted.Job)
	}
	if wanted.ByHand {
		return r.beginByHand(ctx, wanted, now)
	}
	var row jobRunRow
	err = db.Take(&row, "job = ? AND scheduled_at = ?", wanted.Job, micros(wanted.At)).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r.begin(ctx, wanted, now)
	}
	if err != nil {
		return job.Run{}, err
	}
	return r.goOn(ctx, row, wanted)
}

// alone counts in a row of the job's: of two who do so at once one waits, or on another node of a cluster is
// run again. The row has to change for that: a cluster hears nothing of a write that changes nothing.
func (r jobRepo) alone(ctx context.Context, name string) error {
	row := "job:" + name
	db := r.db.WithContext(ctx)
	done := db.Exec("UPDATE leases SET number = number + 1 WHERE lease = ?", row)
	if done.Error != nil || done.RowsAffected > 0 {
		return done.Error
	}
	err := db.Create(&leaseRow{Lease: row, Number: 1}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return raceLost()
	}
	return err
}

// beginByHand gives the run an instant of its own, however quickly it follows the one before.
func (r jobRepo) beginByHand(ctx context.Context, wanted job.Run, now time.Time) (job.Run, error) {
	var last int64
	err := r.db.WithContext(ctx).Raw("SELECT COALESCE(MAX(scheduled_at), 0) FROM job_runs WHERE job = ? AND scheduled_at >= ?", wanted.Job, micros(wanted.At)).Row().Scan(&last)
	if err != nil {
		return job.Run{}, err
	}
	if last != 0 {
		wanted.At = instant(last + 1)
	}
	return r.begin(ctx, wanted, now)
}

func (r jobRepo) begin(ctx context.Context, wanted job.Run, now time.Time) (job.Run, error) {
	row := jobRunRow{
		Job: wanted.Job, ScheduledAt: micros(wanted.At), ByHand: flag(wanted.ByHand), StartedBy: string(wanted.StartedBy), State: string(job.Running),
		Holder: wanted.Holder, Lease: 1, LeaseUntil: micros(wanted.LeaseUntil), Attempts: 1, StartedAt: micros(now),
	}
	if err := r.db.WithContext(ctx).Create(&row).Error; err != nil {
		if errors.Is(err, gorm.ErrDuplicatedKey) {
			return job.Run{}, raceLost()
		}
		return job.Run{}, err
	}
	return row.run(), nil
}

func (r jobRepo) goOn(ctx context.Context, row jobRunRow, wanted job.Run) (job.Run, error) {
	if row.State != string(job.Running) {
		return job.Run{}, fault.New(fault.Conflict, "job_done", "This run of the job is finished.").Naming("job", row.Job)
	}
	before := row.Lease
	row.Holder, row.Lease, row.LeaseUntil, row.Attempts = wanted.Holder, before+1, micros(wanted.LeaseUntil), row.Attempts+1
	done := r.db.WithContext(ctx).Exec("UPDATE job_runs SET holder = ?, lease = ?, lease_until = ?, attempts = ? WHERE job_run_id = ? AND lease = ? AND state = 'running'",
		row.Holder, row.Lease, row.LeaseUntil, row.Attempts, row.JobRunID, before)
	if done.Error == nil && done.RowsAffected == 0 {
		return job.Run{}, raceLost()
	}
	return row.run(), done.Error
}

func leaseLost() *fault.Error {
	return fault.New(fault.Conflict, "lease_lost", "Another instance has taken over this job.")
}

// Renew implements ports.Jobs.
func (r jobRepo) Renew(ctx context.Context, held ports.Lease, until time.Time) error {
	return r.guarded(ctx, "UPDATE job_runs SET lease_until = ? WHERE job_run_id = ? AND lease = ? AND state = 'running'", micros(until), held.Run, held.Number)
}

// Finish implements ports.Jobs.
func (r jobRepo) Finish(ctx context.Context, run job.Run) error {
	outcome := []rune(run.Outcome)
	return r.guarded(ctx, "UPDATE job_runs SET state = ?, lease_until = ?, finished_at = ?, outcome = ? WHERE job_run_id = ? AND lease = ?"+
		" AND (state = 'running' OR (state = 'done' AND finished_at IS NULL))",
		string(run.State), micros(run.LeaseUntil), nullMicros(run.FinishedAt), string(outcome[:min(len(outcome), maxOutcome)]), run.ID, run.Lease)
}

// maxOutcome is how much of an outcome is kept, in characters.
const maxOutcome = 500

func (r jobRepo) guarded(ctx context.Context, statement string, args ...any) error {
	done := r.db.WithContext(ctx).Exec(statement, args...)
	if done.Error == nil && done.RowsAffected == 0 {
		return leaseLost()
	}
	return done.Error
}

// hold is the first statement of a transaction under a lease: it keeps others from taking over until
// the transaction ends, and fails if one has.
func (s *session) hold(ctx context.Context, l ports.Lease) error {
	set := "lease = lease"
	if l.Last() {
		set = "state = 'done'"
	}
	return jobRepo{s}.guarded(ctx, "UPDATE job_runs SET "+set+" WHERE job_run_id = ? AND lease = ? AND state = 'running'", l.Run, l.Number)
}

// Get implements ports.Jobs.
func (r jobRepo) Get(ctx context.Context, id int64) (job.Run, error) {
	var row jobRunRow
	if err := r.db.WithContext(ctx).Take(&row, "job_run_id = ?", id).Error; err != nil {
		return job.Run{}, missing(err, "job_run_not_found", "There is no such run of a job.")
	}
	return row.run(), nil
}

// Recent implements ports.Jobs.
func (r jobRepo) Recent(ctx context.Context, since time.Time) ([]job.Run, error) {
	var rows []jobRunRow
	err := r.db.WithContext(ctx).Where("scheduled_at >= ? OR state = 'running' OR job_run_id IN (SELECT MAX(l.job_run_id) FROM job_runs l GROUP BY l.job)", micros(since)).
		Find(&rows).Error
	slices.SortFunc(rows, func(a, b jobRunRow) int { return int(a.JobRunID - b.JobRunID) })
	return mapped(rows, jobRunRow.run), err
}
