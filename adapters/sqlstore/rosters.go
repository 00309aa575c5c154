package sqlstore

import (
	"context"

	"surgicase/domain/directory"
	"surgicase/domain/permission"
	"surgicase/ports"
)

type rosterRepo struct{ *session }

// List implements ports.Rosters.
func (r rosterRepo) List(ctx context.Context, q ports.UserQuery) (ports.UserPage, error) {
	page := ports.UserPage{Users: []directory.User{}}
	where, args := "active = 1 AND user_type <= ?", []any{int(q.Top)}
	if q.Count {
		if err := r.db.WithContext(ctx).Raw("SELECT COUNT(*) FROM users WHERE "+where, args...).Row().Scan(&page.Total); err != nil {
			return page, err
		}
	}
	if p := q.After; p != nil {
		where += " AND (last_name > ? OR (last_name = ? AND (first_name > ? OR (first_name = ? AND user_id > ?))))"
		args = append(args, p.Last, p.Last, p.First, p.First, string(p.ID))
	}
	var rows []userRow
	err := r.db.WithContext(ctx).Raw("SELECT "+userColumns+" FROM users WHERE "+where+" ORDER BY last_name, first_name, user_id LIMIT ?",
		append(args, q.Limit+1)...).Scan(&rows).Error
	if err != nil {
		return page, err
	}
	if page.More = len(rows) > q.Limit; page.More {
		rows = rows[:q.Limit]
	}
	page.Users, err = r.complete(ctx, rows)
	return page, err
}

// complete turns rows into users with their documents, in one more statement.
func (r rosterRepo) complete(ctx context.Context, rows []userRow) ([]directory.User, error) {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.UserID
	}
	documents, err := r.userDocuments(ctx, ids)
	if err != nil {
		return nil, err
	}
	users := make([]directory.User, len(rows))
	for i, row := range rows {
		if users[i], err = row.toUser(r.keys); err != nil {
			return nil, err
		}
		users[i].Documents = documents[users[i].ID]
	}
	return users, nil
}

// CountByType implements ports.Rosters.
func (r rosterRepo) CountByType(ctx context.Context) ([]directory.TypeTotal, error) {
	var rows []struct {
		UserType int
		Users    int
	}
	err := r.db.WithContext(ctx).Raw("SELECT user_type, COUNT(*) AS users FROM users WHERE active = 1 GROUP BY user_type ORDER BY user_type").
		Scan(&rows).Error
	totals := make([]directory.TypeTotal, len(rows))
	for i, row := range rows {
		totals[i] = directory.TypeTotal{Type: permission.UserType(row.UserType), Users: row.Users}
	}
	return totals, err
}
