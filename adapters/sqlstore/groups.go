package sqlstore

import (
	"context"
	"strings"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

type groupRepo struct{ *session }

type groupRow struct {
	GroupID   int64 `gorm:"primaryKey"`
	Version   int64
	GroupDesc string
}

func (groupRow) TableName() string { return "user_groups" }

type memberRow struct {
	GroupID    int64  `gorm:"primaryKey;autoIncrement:false"`
	UserID     string `gorm:"primaryKey"`
	GroupAdmin int
}

func (memberRow) TableName() string { return "group_members" }

// memberBatch is how many memberships one statement writes.
const memberBatch = 500

// Add implements ports.Groups.
func (r groupRepo) Add(ctx context.Context, g *directory.Group) error {
	g.Version = 1
	row := groupRow{GroupID: g.ID, Version: g.Version, GroupDesc: g.Description}
	if err := r.db.WithContext(ctx).Create(&row).Error; err != nil {
		return err
	}
	g.ID = row.GroupID
	return r.addMembers(ctx, g.ID, g.Members)
}

// Get implements ports.Groups.
func (r groupRepo) Get(ctx context.Context, id int64) (*directory.Group, error) {
	var row groupRow
	if err := r.db.WithContext(ctx).Where("group_id = ?", id).Take(&row).Error; err != nil {
		return nil, missing(err, "group_not_found", "There is no such group.")
	}
	groups, err := r.complete(ctx, []groupRow{row})
	if err != nil {
		return nil, err
	}
	return &groups[0], nil
}

// List implements ports.Groups.
func (r groupRepo) List(ctx context.Context, after int64, limit int) ([]directory.Group, error) {
	var rows []groupRow
	if err := r.db.WithContext(ctx).Where("group_id > ?", after).Order("group_id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, err
	}
	return r.complete(ctx, rows)
}

// complete turns rows into groups with their members, in one more statement.
func (r groupRepo) complete(ctx context.Context, rows []groupRow) ([]directory.Group, error) {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.GroupID
	}
	members, err := r.members(ctx, ids)
	if err != nil {
		return nil, err
	}
	groups := make([]directory.Group, len(rows))
	for i, row := range rows {
		groups[i] = directory.Group{ID: row.GroupID, Version: row.Version, Description: row.GroupDesc, Members: []directory.Membership{}}
		groups[i].Members = append(groups[i].Members, members[row.GroupID]...)
	}
	return groups, nil
}

func (r groupRepo) members(ctx context.Context, groups []int64) (map[int64][]directory.Membership, error) {
	found := map[int64][]directory.Membership{}
	if len(groups) == 0 {
		return found, nil
	}
	var rows []struct { // GORM sees no embedded row whose type is not exported
		GroupID    int64
		UserID     string
		GroupAdmin int
		FirstName  string
		LastName   string
	}
	err := r.db.WithContext(ctx).Raw("SELECT m.group_id, m.user_id, m.group_admin, u.first_name, u.last_name FROM group_members m"+
		" JOIN users u ON u.user_id = m.user_id WHERE m.group_id IN ? ORDER BY m.group_id, m.user_id", padded(groups)).Scan(&rows).Error
	for _, row := range rows {
		found[row.GroupID] = append(found[row.GroupID], directory.Membership{
			User: ident.UserID(row.UserID), Name: strings.TrimSpace(row.FirstName + " " + row.LastName), Admin: row.GroupAdmin != 0,
		})
	}
	return found, err
}

// administered selects, given a user and the lowest type that is nobody's to look after, the members
// of the groups that the user administers.
const administered = "SELECT m.user_id FROM group_members a JOIN group_members m ON m.group_id = a.group_id" +
	" JOIN users u ON u.user_id = m.user_id WHERE a.user_id = ? AND a.group_admin = 1 AND u.user_type < ?"

// Administers implements ports.Groups.
func (r groupRepo) Administers(ctx context.Context, admin, user ident.UserID) (bool, error) {
	var found int
	err := r.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM users WHERE user_id = ? AND user_id IN ("+administered+")",
		string(user), string(admin), int(permission.GroupAdmin)).Row().Scan(&found)
	return found > 0, err
}

// Save implements ports.Groups.
func (r groupRepo) Save(ctx context.Context, g *directory.Group) error {
	done := r.db.WithContext(ctx).Exec("UPDATE user_groups SET version = ?, group_desc = ? WHERE group_id = ? AND version = ?",
		g.Version+1, g.Description, g.ID, g.Version)
	switch {
	case done.Error != nil:
		return done.Error
	case done.RowsAffected == 0:
		return raceLost()
	}
	g.Version++
	stored, err := r.members(ctx, []int64{g.ID})
	if err != nil {
		return err
	}
	if err := r.removeMembers(ctx, g.ID, without(stored[g.ID], g.Members)); err != nil {
		return err
	}
	return r.addMembers(ctx, g.ID, without(g.Members, stored[g.ID]))
}

// without gives the memberships that others do not hold in the same form. One whose admin mark
// differs is in both differences: it is removed and added again.
func without(members, others []directory.Membership) []directory.Membership {
	held := make(map[ident.UserID]bool, len(others))
	for _, m := range others {
		held[m.User] = m.Admin
	}
	var rest []directory.Membership
	for _, m := range members {
		if admin, ok := held[m.User]; !ok || admin != m.Admin {
			rest = append(rest, m)
		}
	}
	return rest
}

func (r groupRepo) addMembers(ctx context.Context, group int64, members []directory.Membership) error {
	if len(members) == 0 {
		return nil
	}
	rows := make([]memberRow, len(members))
	for i, m := range members {
		rows[i] = memberRow{GroupID: group, UserID: string(m.User), GroupAdmin: flag(m.Admin)}
	}
	err := r.db.WithContext(ctx).CreateInBatches(&rows, memberBatch).Error
	return unknownReference(err, fault.New(fault.Invalid, "unknown_user", "There is no such user."))
}

func (r groupRepo) removeMembers(ctx context.Context, group int64, members []directory.Membership) error {
	if len(members) == 0 {
		return nil
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = string(m.User)
	}
	return r.db.WithContext(ctx).Exec("DELETE FROM group_members WHERE group_id = ? AND user_id IN ?", group, padded(ids)).Error
}

// Remove implements ports.Groups. The version is raised first: whoever saves the group at the same
// time has to wait or loses, and cannot add a member to a group that is going.
func (r groupRepo) Remove(ctx context.Context, id int64) error {
	db := r.db.WithContext(ctx)
	found := db.Exec("UPDATE user_groups SET version = version + 1 WHERE group_id = ?", id)
	switch {
	case found.Error != nil:
		return found.Error
	case found.RowsAffected == 0:
		return fault.New(fault.NotFound, "group_not_found", "There is no such group.")
	}
	if err := db.Exec("DELETE FROM group_members WHERE group_id = ?", id).Error; err != nil {
		return err
	}
	return db.Exec("DELETE FROM user_groups WHERE group_id = ?", id).Error
}
