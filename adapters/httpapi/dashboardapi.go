package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/domain/surgical"
)

const tagDashboards = "Dashboards"

func (a *API) dashboardRoutes() {
	faults := []int{http.StatusBadRequest, http.StatusForbidden}
	register(a, route{
		method: http.MethodGet, path: "/case_dashboard_data", aliases: []string{"/casedashboarddata"}, id: "case-dashboard", tag: tagDashboards, faults: faults,
		summary: "Count and sum cases by status", description: "For Case Admins: cases that are not deleted, with true statuses. Only statuses that occur.",
	}, a.caseDashboard)
	register(a, route{
		method: http.MethodGet, path: "/user_dashboard_data", aliases: []string{"/userdashboarddata"}, id: "user-dashboard", tag: tagDashboards,
		faults:  []int{http.StatusForbidden},
		summary: "Count active users by type", description: "For Case Admins.",
	}, a.userDashboard)
	register(a, route{
		method: http.MethodGet, path: "/build_dashboard", id: "build-dashboard", tag: tagDashboards, faults: faults,
		summary: "Read the dashboards at once", description: "For Case Admins. A part that fails says so, and the status is partial then.",
	}, a.buildDashboard)
}

type dashboardInput struct {
	OnlyCaller
	StartDate string `query:"start_date" maxLength:"20" doc:"First case date, YYYY-MM-DD." example:"2026-10-01"`
	EndDate   string `query:"end_date" maxLength:"20" doc:"Last case date, YYYY-MM-DD." example:"2026-12-31"`
}

type caseDashboardAnswer struct{ Body caseDashboardBody }

type caseDashboardBody struct {
	Error         string            `json:"error,omitempty" doc:"Why the part is missing; in /build_dashboard only."`
	DashboardData []statusTotalBody `json:"dashboard_data" nullable:"false"`
	Summary       caseSummaryBody   `json:"summary"`
	Filters       *DateFilterBody   `json:"filters,omitempty"`
}

type statusTotalBody struct {
	CaseStatus     int    `json:"case_status" example:"10"`
	CaseStatusDesc string `json:"case_status_desc" example:"Ready for billing"`
	Cases          int    `json:"cases" example:"4"`
	TotalAmount    Money  `json:"total_amount"`
}

type caseSummaryBody struct {
	TotalCases    int   `json:"total_cases" example:"12"`
	TotalAmount   Money `json:"total_amount"`
	UnpricedCases int   `json:"unpriced_cases" doc:"Cases below 15 without a price: nobody is paid for them until there is one, or zero is approved." example:"1"`
	ForcedCases   int   `json:"duplicate_forced_cases" doc:"Cases recorded although there was one of their owner, patient and day." example:"0"`
	FoundCases    int   `json:"duplicate_found_cases" doc:"Possible duplicates that were found and not confirmed: held below 15." example:"0"`
}

// DateFilterBody repeats the dates asked for.
type DateFilterBody struct {
	StartDate *string `json:"start_date" nullable:"true"`
	EndDate   *string `json:"end_date" nullable:"true"`
}

func (a *API) caseDashboard(ctx context.Context, in *dashboardInput) (*caseDashboardAnswer, error) {
	from, to, err := dateRange(in.StartDate, in.EndDate)
	if err != nil {
		return nil, err
	}
	figures, err := a.Casebook.Dashboard(ctx, actorOf(ctx), from, to)
	if err != nil {
		return nil, err
	}
	out := &caseDashboardAnswer{Body: caseDashboardBody{Filters: &DateFilterBody{nullable(in.StartDate), nullable(in.EndDate)}}}
	out.Body.DashboardData = mapped(figures.Totals, func(t surgical.StatusTotal) statusTotalBody {
		label := figures.Labels[t.Status]
		if label == "" {
			label = fmt.Sprintf("Status %d", t.Status)
		}
		return statusTotalBody{int(t.Status), label, t.Cases, Money(t.Cents)}
	})
	out.Body.Summary.UnpricedCases = figures.Unpriced
	out.Body.Summary.ForcedCases, out.Body.Summary.FoundCases = figures.Forced, figures.Found
	for _, t := range figures.Totals {
		out.Body.Summary.TotalCases += t.Cases
		out.Body.Summary.TotalAmount += Money(pay.Cents(t.Cents))
	}
	return out, nil
}

type userDashboardAnswer struct{ Body userDashboardBody }

type userDashboardBody struct {
	Error     string          `json:"error,omitempty" doc:"Why the part is missing; in /build_dashboard only."`
	UserTypes []typeTotalBody `json:"user_types" nullable:"false"`
	Summary   userSummaryBody `json:"summary"`
}

type typeTotalBody struct {
	UserType     int    `json:"user_type" example:"1"`
	UserTypeDesc string `json:"user_type_desc" example:"Basic Provider"`
	Count        int    `json:"count" example:"9"`
}

type userSummaryBody struct {
	TotalUsers int `json:"total_users" example:"12"`
}

func (a *API) userDashboard(ctx context.Context, _ *OnlyCaller) (*userDashboardAnswer, error) {
	totals, labels, err := a.Users.CountByType(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	out := &userDashboardAnswer{}
	out.Body.UserTypes = mapped(totals, func(t directory.TypeTotal) typeTotalBody {
		label := labels[t.Type]
		if label == "" {
			label = fmt.Sprintf("User Type %d", t.Type)
		}
		return typeTotalBody{int(t.Type), label, t.Users}
	})
	for _, t := range totals {
		out.Body.Summary.TotalUsers += t.Users
	}
	return out, nil
}

type builtAnswer struct{ Body builtBody }

type builtBody struct {
	DashboardType   string           `json:"dashboard_type" example:"comprehensive"`
	Timestamp       time.Time        `json:"timestamp"`
	ExecutionTimeMS float64          `json:"execution_time_ms" example:"12.5"`
	RequestFilters  builtFiltersBody `json:"request_filters"`
	Data            builtDataBody    `json:"data"`
	Summary         builtSummaryBody `json:"summary"`
	Errors          *[]string        `json:"errors" nullable:"true" doc:"Null when the status is complete."`
	Status          string           `json:"status" enum:"complete,partial" example:"complete"`
}

type builtFiltersBody struct {
	UserID string `json:"user_id" doc:"The caller." example:"demo-case-admin"`
	DateFilterBody
}

type builtDataBody struct {
	Health HealthBody        `json:"health"`
	Cases  caseDashboardBody `json:"cases"`
	Users  userDashboardBody `json:"users"`
}

type builtSummaryBody struct {
	OverallHealth   string `json:"overall_health" example:"healthy"`
	TotalCases      int    `json:"total_cases" example:"12"`
	TotalUsers      int    `json:"total_users" example:"12"`
	CaseTotalAmount Money  `json:"case_total_amount"`
	HealthyServices int    `json:"healthy_services" example:"0"`
	TotalServices   int    `json:"total_services" example:"0"`
}

func (a *API) buildDashboard(ctx context.Context, in *dashboardInput) (*builtAnswer, error) {
	start := a.settings.Now()
	cases, caseErr := a.caseDashboard(ctx, in)
	if refusesAll(caseErr) {
		return nil, caseErr
	}
	users, userErr := a.userDashboard(ctx, &in.OnlyCaller)
	b := builtBody{
		DashboardType: "comprehensive", Timestamp: start, Status: "complete",
		RequestFilters: builtFiltersBody{string(actorOf(ctx).User), DateFilterBody{nullable(in.StartDate), nullable(in.EndDate)}},
	}
	b.Data.Health = a.health(ctx, a.looksClosely(ctx)).Body
	var failed []string
	if caseErr != nil {
		failed = append(failed, "cases are not available")
		b.Data.Cases = caseDashboardBody{Error: failed[len(failed)-1], DashboardData: []statusTotalBody{}}
	} else {
		b.Data.Cases = cases.Body
	}
	if userErr != nil {
		failed = append(failed, "users are not available")
		b.Data.Users = userDashboardBody{Error: failed[len(failed)-1], UserTypes: []typeTotalBody{}}
	} else {
		b.Data.Users = users.Body
	}
	if failed != nil {
		callOf(ctx).err = errors.Join(caseErr, userErr)
		b.Errors, b.Status = &failed, "partial"
	}
	b.Summary = builtSummaryBody{
		OverallHealth: b.Data.Health.Status, TotalCases: b.Data.Cases.Summary.TotalCases,
		TotalUsers: b.Data.Users.Summary.TotalUsers, CaseTotalAmount: b.Data.Cases.Summary.TotalAmount,
		HealthyServices: b.Data.Health.Summary.Healthy, TotalServices: b.Data.Health.Summary.Total,
	}
	b.ExecutionTimeMS = float64(a.settings.Now().Sub(start).Microseconds()) / 1000
	return &builtAnswer{b}, nil
}

// refusesAll says whether an error is about the request itself, not about one part of the answer.
func refusesAll(err error) bool {
	return errors.Is(err, fault.Forbidden) || errors.Is(err, fault.Senseless) || errors.Is(err, fault.Invalid)
}
