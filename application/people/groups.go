package people

import (
	"context"
	"errors"
	"strconv"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// Groups keeps groups and their memberships. All of it is for User Admins.
type Groups struct{ trail }

// NewGroups makes the service.
func NewGroups(store ports.Store, clock ports.Clock, events ports.Events) *Groups {
	return &Groups{trail{store, clock, events, "group"}}
}

// Add makes a group without members.
//
// Faults: Forbidden.
func (s *Groups) Add(ctx context.Context, who permission.Actor, description string) (*directory.Group, error) {
	var made *directory.Group
	err := s.managing(ctx, who, 0, "group.created", func(ctx context.Context, r ports.Repos) error {
		made = &directory.Group{Description: description, Members: []directory.Membership{}}
		if err := r.Groups.Add(ctx, made); err != nil {
			return err
		}
		return s.record(ctx, r, who, made, nil, nil)
	})
	return made, err
}

// Get returns a group with its members.
//
// Faults: Forbidden; NotFound "group_not_found".
func (s *Groups) Get(ctx context.Context, who permission.Actor, id int64) (*directory.Group, error) {
	if err := s.allowed(ctx, who, id); err != nil {
		return nil, err
	}
	var held *directory.Group
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		held, err = r.Groups.Get(ctx, id)
		return err
	})
	return held, s.refused(ctx, who, permission.ManageGroups, groupID(id), err)
}

// List returns up to limit groups with an id above after, in order of id.
//
// Faults: Forbidden.
func (s *Groups) List(ctx context.Context, who permission.Actor, after int64, limit int) ([]directory.Group, error) {
	if err := s.allowed(ctx, who, 0); err != nil {
		return nil, err
	}
	var list []directory.Group
	err := s.store.View(ctx, func(ctx context.Context, r ports.Repos) (err error) {
		list, err = r.Groups.List(ctx, after, limit)
		return err
	})
	return list, err
}

// Change gives a group another description.
//
// Faults: Forbidden; NotFound "group_not_found".
func (s *Groups) Change(ctx context.Context, who permission.Actor, id int64, description string) (*directory.Group, []string, error) {
	fields := []string{}
	group, err := s.update(ctx, who, id, func(_ context.Context, _ ports.Repos, held *directory.Group) ([]string, error) {
		fields = []string{}
		if held.Description != description {
			held.Description, fields = description, []string{"group_desc"}
		}
		return fields, nil
	})
	return group, fields, err
}

// Remove deletes a group with its memberships.
//
// Faults: Forbidden; NotFound "group_not_found".
func (s *Groups) Remove(ctx context.Context, who permission.Actor, id int64) error {
	return s.managing(ctx, who, id, "group.removed", func(ctx context.Context, r ports.Repos) error {
		held, err := r.Groups.Get(ctx, id)
		if err != nil {
			return err
		}
		if err := r.Groups.Remove(ctx, id); err != nil {
			return err
		}
		before := s.digest(groupID(id), held.Contents())
		return r.Audit.Record(ctx, s.entry(who, permission.ManageGroups, groupID(id)).Changing([]string{"active"}, before, nil))
	})
}

// SetMember makes a user a member, or changes whether he administers the group. It says whether the
// membership is new.
//
// Faults: Forbidden; NotFound "group_not_found"; Invalid if there is no such active user, or his type
// is above the caller's.
func (s *Groups) SetMember(ctx context.Context, who permission.Actor, id int64, user ident.UserID, admin bool) (group *directory.Group, added bool, err error) {
	group, err = s.update(ctx, who, id, func(ctx context.Context, r ports.Repos, held *directory.Group) ([]string, error) {
		var changed bool
		if err := checkMember(ctx, r, who, user); err != nil {
			return nil, err
		}
		if added, changed = held.SetMember(directory.Membership{User: user, Admin: admin}); !changed {
			return nil, nil
		}
		return []string{"members"}, nil
	})
	return group, added, err
}

// checkMember treats users that the actor may not see as unknown.
func checkMember(ctx context.Context, r ports.Repos, who permission.Actor, user ident.UserID) error {
	u, err := r.Users.GetForUse(ctx, user)
	if err == nil {
		err = permission.CheckSee(who, user, u.Type)
	}
	if errors.Is(err, fault.NotFound) || (err == nil && !u.Active) {
		return fault.InvalidField("body.user_id", "is not an active user")
	}
	return err
}

// RemoveMember ends a membership.
//
// Faults: Forbidden; NotFound "group_not_found", "member_not_found".
func (s *Groups) RemoveMember(ctx context.Context, who permission.Actor, id int64, user ident.UserID) (*directory.Group, error) {
	return s.update(ctx, who, id, func(_ context.Context, _ ports.Repos, held *directory.Group) ([]string, error) {
		if !held.RemoveMember(user) {
			return nil, fault.New(fault.NotFound, "member_not_found", "The group has no such member.").Naming("user_id", string(user))
		}
		return []string{"members"}, nil
	})
}

// update reads a group, saves what edit has changed, if anything, and returns it as stored.
func (s *Groups) update(ctx context.Context, who permission.Actor, id int64, edit func(context.Context, ports.Repos, *directory.Group) ([]string, error)) (*directory.Group, error) {
	var held *directory.Group
	err := s.managing(ctx, who, id, "group.changed", func(ctx context.Context, r ports.Repos) (err error) {
		if held, err = r.Groups.Get(ctx, id); err != nil {
			return err
		}
		before := s.digest(groupID(id), held.Contents())
		fields, err := edit(ctx, r, held)
		if err != nil || len(fields) == 0 {
			return err
		}
		if err := r.Groups.Save(ctx, held); err != nil {
			return err
		}
		if held, err = r.Groups.Get(ctx, id); err != nil {
			return err
		}
		return s.record(ctx, r, who, held, fields, before)
	})
	return held, err
}

// managing runs a change of a group in a transaction if the actor may manage groups.
func (s *Groups) managing(ctx context.Context, who permission.Actor, id int64, event string, fn func(context.Context, ports.Repos) error) error {
	if err := s.allowed(ctx, who, id); err != nil {
		return err
	}
	err := s.store.InTx(ctx, fn)
	s.happened(ctx, event, who, err)
	return s.refused(ctx, who, permission.ManageGroups, groupID(id), err)
}

func (s *Groups) allowed(ctx context.Context, who permission.Actor, id int64) error {
	return s.refused(ctx, who, permission.ManageGroups, groupID(id), permission.Check(who, permission.ManageGroups, ""))
}

func (s *Groups) record(ctx context.Context, r ports.Repos, who permission.Actor, held *directory.Group, fields []string, before []byte) error {
	id := groupID(held.ID)
	return r.Audit.Record(ctx, s.entry(who, permission.ManageGroups, id).Changing(fields, before, s.digest(id, held.Contents())))
}

// groupID is empty for no group in particular.
func groupID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
