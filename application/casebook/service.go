// Package casebook holds everything that reads cases. Each read of them goes on the audit trail before its
// answer leaves; numbers of nobody do not.
package casebook

import (
	"context"
	"slices"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/civil"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
	"surgicase/domain/surgical"
	"surgicase/ports"
)

// Service reads cases.
type Service struct {
	store ports.Store
	clock ports.Clock
}

// New makes the service.
func New(store ports.Store, clock ports.Clock) *Service { return &Service{store: store, clock: clock} }

// Case returns one case as the caller may see it.
//
// Faults: NotFound if it is absent or out of sight.
func (s *Service) Case(ctx context.Context, who permission.Actor, id ident.CaseID) (surgical.Sheet, error) {
	var out surgical.Sheet
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		out, err = sheet(ctx, r, who, permission.ReadCase, id)
		return err
	})
	return out, s.logged(ctx, who, permission.ReadCase, id, err)
}

func sheet(ctx context.Context, r ports.Repos, who permission.Actor, action permission.Action, id ident.CaseID) (surgical.Sheet, error) {
	scope, err := permission.ScopeFor(who, action)
	if err != nil {
		return surgical.Sheet{}, err
	}
	return r.Casebook.Sheet(ctx, id, scope)
}

func (s *Service) logged(ctx context.Context, who permission.Actor, action permission.Action, id ident.CaseID, err error) error {
	entry := audit.Record(who, action, "case", string(id), s.clock.Now())
	if err != nil {
		return ports.Refused(ctx, s.store, entry, err)
	}
	return s.store.Logged(ctx, entry.Reading())
}

// Listed is a page of cases with the labels of the statuses.
type Listed struct {
	surgical.Page
	Labels map[surgical.Status]string
}

// Owned lists the cases of one owner, newest id first.
//
// Faults: Forbidden "not_your_data", the same whether or not the owner exists.
func (s *Service) Owned(ctx context.Context, who permission.Actor, q surgical.Query) (Listed, error) {
	scope, err := permission.ScopeFor(who, permission.ReadCase)
	if err == nil && !scope.All && !who.Is(q.Owner) {
		err = s.checkMember(ctx, who, q.Owner, scope)
	}
	if err != nil {
		return Listed{}, s.logged(ctx, who, permission.ReadCase, "", err)
	}
	return s.list(ctx, who, permission.ReadCase, q, scope)
}

// checkMember says whether the owner is a member of a group that the caller administers.
func (s *Service) checkMember(ctx context.Context, who permission.Actor, owner ident.UserID, scope permission.Scope) error {
	if !scope.Groups {
		return permission.NotYourData()
	}
	var member bool
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		member, err = r.Groups.Administers(ctx, who.User, owner)
		return err
	})
	if err == nil && !member {
		return permission.NotYourData()
	}
	return err
}

// Grouped lists the cases of the members of the groups that the caller administers, or of one
// member.
//
// Faults: Forbidden.
func (s *Service) Grouped(ctx context.Context, who permission.Actor, q surgical.Query) (Listed, error) {
	if err := permission.Check(who, permission.ListGroupCases, ""); err != nil {
		return Listed{}, s.logged(ctx, who, permission.ListGroupCases, "", err)
	}
	scope := permission.Scope{User: who.User, Groups: true}
	if q.Owner != "" && permission.Check(who, permission.ReadCase, q.Owner) != nil {
		if err := s.checkMember(ctx, who, q.Owner, scope); err != nil {
			return Listed{}, s.logged(ctx, who, permission.ListGroupCases, "", err)
		}
	}
	return s.list(ctx, who, permission.ListGroupCases, q, scope)
}

// Everybodys lists cases of all owners by status and date, with their true statuses.
//
// Faults: Forbidden; Senseless if the dates are the wrong way round.
func (s *Service) Everybodys(ctx context.Context, who permission.Actor, q surgical.Query) (Listed, error) {
	if err := permission.Check(who, permission.ListAllCases, ""); err != nil {
		return Listed{}, s.logged(ctx, who, permission.ListAllCases, "", err)
	}
	if err := checkDates(q.From, q.To); err != nil {
		return Listed{}, err
	}
	q.Order = surgical.ByStatusAndDate
	return s.list(ctx, who, permission.ListAllCases, q, permission.Scope{All: true})
}

func checkDates(from, to civil.Date) error {
	if !from.IsZero() && !to.IsZero() && to.Before(from) {
		return fault.New(fault.Senseless, "dates_reversed", "end_date lies before start_date.")
	}
	return nil
}

func (s *Service) list(ctx context.Context, who permission.Actor, action permission.Action, q surgical.Query, in permission.Scope) (Listed, error) {
	var out Listed
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if out.Page, err = r.Casebook.List(ctx, q, in); err != nil {
			return err
		}
		out.Labels, err = labels(ctx, r)
		return err
	})
	if err != nil {
		return out, err
	}
	things := make([]string, len(out.Cases))
	for i := range out.Cases {
		things[i] = strconv.FormatInt(out.Cases[i].Number, 10)
	}
	entry := audit.Record(who, action, "cases", string(q.Owner), s.clock.Now())
	return out, s.store.Logged(ctx, entry.Reading(things...))
}

func labels(ctx context.Context, r ports.Repos) (map[surgical.Status]string, error) {
	list, err := r.Lists.Statuses(ctx)
	out := make(map[surgical.Status]string, len(list))
	for _, l := range list {
		out[l.Status] = l.Label
	}
	return out, err
}

// Told is the history of a case with the labels of the statuses.
type Told struct {
	Sheet   surgical.Sheet
	Entries []surgical.HistoryEntry
	Labels  map[surgical.Status]string
}

// History tells the moves of a case, oldest first. Moves above the caller's cap are left out.
//
// Faults: NotFound if the case is absent or out of sight.
func (s *Service) History(ctx context.Context, who permission.Actor, id ident.CaseID) (Told, error) {
	var out Told
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if out.Sheet, err = sheet(ctx, r, who, permission.ReadCase, id); err != nil {
			return err
		}
		if out.Entries, err = r.Casebook.History(ctx, out.Sheet.Number); err != nil {
			return err
		}
		out.Labels, err = labels(ctx, r)
		return err
	})
	out.Entries = slices.DeleteFunc(out.Entries, func(e surgical.HistoryEntry) bool { return aboveCap(who, e) })
	return out, s.logged(ctx, who, permission.ReadCase, id, err)
}

func aboveCap(who permission.Actor, e surgical.HistoryEntry) bool {
	top := surgical.Status(who.HighestShown())
	return top != 0 && (e.From > top || e.To > top)
}

// Pay explains what a case is worth: from its tier, its codes and the price table it was priced by.
//
// Faults: NotFound if the case is absent or out of sight.
func (s *Service) Pay(ctx context.Context, who permission.Actor, id ident.CaseID) (surgical.Sheet, pay.Explanation, error) {
	var out surgical.Sheet
	var x pay.Explanation
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if out, err = sheet(ctx, r, who, permission.ReadPay, id); err != nil {
			return err
		}
		codes := surgical.Procedures(out.Codes)
		table, err := r.Prices.TableAt(ctx, out.Pay.Table, out.Pay.Tier, codes)
		if err != nil {
			return err
		}
		if x = table.Price(out.Pay.Tier, codes); out.Status >= surgical.PendingPayment && x.Amount != out.Pay.Amount {
			x.Considered, x.TakenOver = nil, true
		}
		x.Status, x.At = out.Pay.Status, out.Pay.At
		return nil
	})
	return out, x, s.logged(ctx, who, permission.ReadPay, id, err)
}

// Figures are the numbers of the dashboard, with the labels of the statuses.
type Figures struct {
	Totals   []surgical.StatusTotal
	Labels   map[surgical.Status]string
	Unpriced int // cases below 15 that nobody is paid for until they have a price
	Forced   int // cases that somebody forced although there was a duplicate
	Found    int // possible duplicates that were found and not confirmed
}

// Dashboard counts and sums the cases by status.
//
// Faults: Forbidden; Senseless if the dates are the wrong way round.
func (s *Service) Dashboard(ctx context.Context, who permission.Actor, from, to civil.Date) (Figures, error) {
	if err := permission.Check(who, permission.SeeDashboards, ""); err != nil {
		return Figures{}, s.logged(ctx, who, permission.SeeDashboards, "", err)
	}
	if err := checkDates(from, to); err != nil {
		return Figures{}, err
	}
	var f Figures
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if f.Totals, err = r.Casebook.Totals(ctx, from, to); err != nil {
			return err
		}
		if f.Unpriced, err = r.Casebook.Unpriced(ctx, from, to); err != nil {
			return err
		}
		if f.Forced, f.Found, err = r.Duplicates.Count(ctx, from, to); err != nil {
			return err
		}
		f.Labels, err = labels(ctx, r)
		return err
	})
	return f, err
}
