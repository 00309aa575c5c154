package httpapi

import (
	"time"

	"surgicase/application/operations"
	"surgicase/domain/surgical"
)

// BusinessFigures is how the practice stands.
type BusinessFigures struct {
	ActiveCases          int              `json:"active_cases" doc:"Cases that are not deleted." example:"812"`
	ActiveUsers          int              `json:"active_users" doc:"Active users who called within 30 days." example:"41"`
	CasesCreatedToday    int              `json:"cases_created_today" doc:"Since midnight UTC." example:"12"`
	UsersRegisteredToday int              `json:"users_registered_today" doc:"Since midnight UTC." example:"0"`
	CasesByStatus        []statusTally    `json:"cases_by_status" nullable:"false"`
	UnpricedCases        int              `json:"unpriced_cases" doc:"Cases below 15 without a price." example:"3"`
	HeldCases            map[string]int   `json:"held_cases" doc:"Cases at 10 that the next payment run would leave out, by reason."`
	Payments             paymentFigures   `json:"payments"`
	Outbox               outboxFigures    `json:"outbox"`
	AuditTrail           auditSealFigures `json:"audit_trail"`
	Timestamp            time.Time        `json:"timestamp"`
}

type statusTally struct {
	CaseStatus  int   `json:"case_status" example:"10"`
	Cases       int   `json:"cases" example:"4"`
	TotalAmount Money `json:"total_amount"`
}

type paymentFigures struct {
	Runs      int   `json:"runs" example:"31"`
	OpenRuns  int   `json:"open_runs" doc:"Runs with payments that are neither settled nor cancelled." example:"1"`
	Open      Money `json:"open_amount"`
	Settled   Money `json:"settled_amount"`
	Cancelled Money `json:"cancelled_amount"`
	Reversed  Money `json:"reversed_amount"`
}

type outboxFigures struct {
	Waiting int     `json:"waiting" example:"2"`
	Failing int     `json:"failing" doc:"Of them, those that failed at least once." example:"0"`
	Oldest  float64 `json:"oldest_seconds" doc:"Age of the oldest that is due." example:"0.4"`
}

type auditSealFigures struct {
	Sealed int64   `json:"sealed_entries" example:"9301"`
	Lag    float64 `json:"seal_lag_seconds" doc:"Age of the oldest entry without a seal." example:"0.7"`
}

func businessOf(r operations.Report) BusinessFigures {
	held := map[string]int{}
	for reason, cases := range r.Held {
		held[string(reason)] = cases
	}
	return BusinessFigures{
		ActiveCases: r.ActiveCases(), ActiveUsers: r.ActiveUsers, CasesCreatedToday: r.CasesToday, UsersRegisteredToday: r.UsersToday,
		CasesByStatus: mapped(r.Cases, func(t surgical.StatusTotal) statusTally { return statusTally{int(t.Status), t.Cases, Money(t.Cents)} }),
		UnpricedCases: r.Unpriced, HeldCases: held,
		Payments: paymentFigures{
			Runs: r.Ledger.Runs, OpenRuns: r.Ledger.OpenRuns, Open: Money(r.Ledger.Open), Settled: Money(r.Ledger.Settled),
			Cancelled: Money(r.Ledger.Cancelled), Reversed: Money(r.Ledger.Reversed),
		},
		Outbox:     outboxFigures{r.Backlog.Waiting, r.Backlog.Failing, r.Since(r.Backlog.OldestDue).Seconds()},
		AuditTrail: auditSealFigures{r.Seal.Sealed, r.Since(r.Seal.OldestUnsealed).Seconds()},
		Timestamp:  r.At,
	}
}
