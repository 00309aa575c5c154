package people

import (
	"context"

	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// UserPosition is where a page of users ended.
type UserPosition = ports.UserPosition

// UserPage is part of the list of users.
type UserPage = ports.UserPage

// Wanted is a page of users asked for.
type Wanted struct {
	After *UserPosition
	Limit int
	Count bool
}

// List returns active users of types up to the caller's, by last name, first name and id.
//
// Faults: Forbidden.
func (s *Users) List(ctx context.Context, who permission.Actor, q Wanted) (UserPage, error) {
	if err := permission.Check(who, permission.ListUsers, ""); err != nil {
		return UserPage{}, s.refused(ctx, who, permission.ListUsers, "", err)
	}
	var page UserPage
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		page, err = r.Rosters.List(ctx, ports.UserQuery{Top: who.Type, After: q.After, Limit: q.Limit, Count: q.Count})
		return err
	})
	ids := make([]string, len(page.Users))
	for i := range page.Users {
		ids[i] = string(page.Users[i].ID)
	}
	return page, s.read(ctx, who, permission.ListUsers, "", err, ids...)
}

// CountByType counts active users by type, with the labels of the types.
//
// Faults: Forbidden.
func (s *Users) CountByType(ctx context.Context, who permission.Actor) ([]directory.TypeTotal, map[permission.UserType]string, error) {
	if err := permission.Check(who, permission.SeeDashboards, ""); err != nil {
		return nil, nil, s.refused(ctx, who, permission.SeeDashboards, "", err)
	}
	var totals []directory.TypeTotal
	names := map[permission.UserType]string{}
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		if totals, err = r.Rosters.CountByType(ctx); err != nil {
			return err
		}
		labels, err := r.Lists.UserTypes(ctx)
		for _, l := range labels {
			names[l.Type] = l.Label
		}
		return err
	})
	return totals, names, err
}
