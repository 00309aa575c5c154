package movein

import (
	"context"
	"strconv"

	"surgicase/domain/audit"
	"surgicase/domain/directory"
	"surgicase/domain/ident"
	"surgicase/domain/movein"
	"surgicase/ports"
)

func (r *run) users(ctx context.Context) error {
	for _, of := range []struct {
		table, documents string
		gone             bool
	}{{"user_profile", "user_documents", false}, {"deleted_users", "deleted_user_documents", true}} {
		fates := map[string]fate{}
		documents, err := r.parts(ctx, of.documents, "user_id", "document_type", "document_name")
		if err != nil {
			return err
		}
		err = r.batches(ctx, of.table, []string{"user_id"}, func(ctx context.Context, repos ports.Repos, recs []movein.Record, p *part) error {
			return r.userBatch(ctx, repos, recs, members{documents, fates}, of.gone, p)
		})
		if err != nil {
			return err
		}
		r.settle(of.documents, documents, fates)
	}
	return nil
}

// members are the rows that belong to the rows of a batch, and what becomes of them.
type members struct {
	of    map[string][]movein.Record
	fates map[string]fate
}

func (m members) share(p *part, key string, f fate) {
	p.keep = append(p.keep, func() { m.fates[key] = f })
}

func (r *run) userBatch(ctx context.Context, repos ports.Repos, recs []movein.Record, documents members, gone bool, p *part) error {
	rows, before, err := known(ctx, repos, recs, func(rec movein.Record) ports.Arrival {
		id := rec.Text("user_id")
		return ports.Arrival{Table: rec.Table, ID: id, Content: rec.WithParts(documents.of[movein.Fold(id)]...)}
	})
	if err != nil {
		return err
	}
	taken, err := repos.Arrivals.Taken(ctx, ports.UserKey, ids(rows))
	if err != nil {
		return err
	}
	var arrivals []ports.Arrival
	var entries []audit.Entry
	for i, rec := range recs {
		row := rows[i]
		key := movein.Fold(row.ID)
		keep := func(id ident.UserID) { p.keep = append(p.keep, func() { r.people[key] = id }) }
		if was, ok := before[row.ID]; ok {
			p.again(row, was)
			documents.share(p, key, earlier)
			keep(ident.UserID(was.Became))
			continue
		}
		documents.share(p, key, leftOut)
		u := movein.User(rec, documents.of[key], gone, r.now)
		_, clash := r.people[key]
		switch {
		case u.Held:
			p.hold(u.Findings)
			continue
		case taken[row.ID] || clash:
			p.taken(rec.Table, row.ID)
			if !gone { // somebody of this id is here already: the cases are his
				keep(u.Thing.ID)
			}
			continue
		}
		if err := r.addUser(ctx, repos, &u.Thing); err != nil {
			return err
		}
		row.Became = string(u.Thing.ID)
		arrivals = append(arrivals, row)
		entries = append(entries, r.entry("user", row.Became, audit.Digest([]byte("user:"+row.Became), u.Thing.Contents()...)))
		p.move(u.Findings, func() { r.tiers[u.Thing.ID] = u.Thing.Tier })
		documents.share(p, key, arrived)
		keep(u.Thing.ID)
	}
	return r.finish(ctx, repos, arrivals, entries)
}

func (r *run) addUser(ctx context.Context, repos ports.Repos, u *directory.User) error {
	if r.report.DryRun {
		return nil
	}
	return repos.Users.Add(ctx, u)
}

func ids(rows []ports.Arrival) []string {
	out := make([]string, len(rows))
	for i, row := range rows {
		out[i] = row.ID
	}
	return out
}

// places moves in surgeons or facilities, which differ in their columns only.
type places[T any] struct {
	*run
	entity   string
	column   string
	key      ports.Key
	known    map[int64]int64
	read     func(movein.Record, bool) movein.Moved[T]
	id       func(*T) *int64
	add      func(context.Context, ports.Repos, *T) error
	contents func(*T) []string
}

func (r *run) surgeons(ctx context.Context) error {
	return places[directory.Surgeon]{
		run: r, entity: "surgeon", column: "surgeon_id", key: ports.SurgeonKey, known: r.places.Surgeons,
		read: func(rec movein.Record, gone bool) movein.Moved[directory.Surgeon] {
			return movein.Surgeon(rec, r.people, gone, r.now)
		},
		id: func(s *directory.Surgeon) *int64 { return &s.ID },
		add: func(ctx context.Context, repos ports.Repos, s *directory.Surgeon) error {
			return repos.Surgeons.Add(ctx, s)
		},
		contents: (*directory.Surgeon).Contents,
	}.all(ctx, "surgeon_list", "deleted_surgeons")
}

func (r *run) facilities(ctx context.Context) error {
	return places[directory.Facility]{
		run: r, entity: "facility", column: "facility_id", key: ports.FacilityKey, known: r.places.Facilities,
		read: func(rec movein.Record, gone bool) movein.Moved[directory.Facility] {
			return movein.Facility(rec, r.people, gone, r.now)
		},
		id: func(f *directory.Facility) *int64 { return &f.ID },
		add: func(ctx context.Context, repos ports.Repos, f *directory.Facility) error {
			return repos.Places.Add(ctx, f)
		},
		contents: (*directory.Facility).Contents,
	}.all(ctx, "facility_list", "deleted_facilities")
}

func (m places[T]) all(ctx context.Context, table, deleted string) error {
	for _, name := range []string{table, deleted} {
		err := m.batches(ctx, name, []string{m.column}, func(ctx context.Context, repos ports.Repos, recs []movein.Record, p *part) error {
			return m.batch(ctx, repos, recs, name == deleted, p)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m places[T]) batch(ctx context.Context, repos ports.Repos, recs []movein.Record, gone bool, p *part) error {
	rows, before, err := known(ctx, repos, recs, func(rec movein.Record) ports.Arrival {
		return ports.Arrival{Table: rec.Table, ID: rec.Text(m.column), Content: rec.Contents()}
	})
	if err != nil {
		return err
	}
	taken, err := repos.Arrivals.Taken(ctx, m.key, ids(rows))
	if err != nil {
		return err
	}
	var arrivals []ports.Arrival
	var entries []audit.Entry
	for i, rec := range recs {
		row := rows[i]
		old, _ := strconv.ParseInt(row.ID, 10, 64)
		if was, ok := before[row.ID]; ok {
			p.again(row, was)
			here, _ := strconv.ParseInt(was.Became, 10, 64)
			p.keep = append(p.keep, func() { m.know(old, here) })
			continue
		}
		place := m.read(rec, gone)
		if place.Held {
			p.hold(place.Findings)
			continue
		}
		id := m.id(&place.Thing)
		if _, twice := m.known[old]; taken[row.ID] || twice {
			*id = 0 // ours gives another
		}
		if err := m.put(ctx, repos, &place.Thing); err != nil {
			return err
		}
		if *id != old {
			place.Findings = append(place.Findings, movein.Finding{Table: rec.Table, ID: row.ID, Column: m.column, Effect: movein.Changed, Code: "id_taken", Was: row.ID, Now: given(*id)})
		}
		row.Became = strconv.FormatInt(*id, 10)
		arrivals = append(arrivals, row)
		entries = append(entries, m.entry(m.entity, row.Became, audit.Digest([]byte(m.entity+":"+row.Became), m.contents(&place.Thing)...)))
		p.move(place.Findings, func() { m.know(old, *id) })
	}
	return m.finish(ctx, repos, arrivals, entries)
}

// know notes what an old id means. Of two with one id the first is meant: it was not deleted.
func (m places[T]) know(old, here int64) {
	if _, ok := m.known[old]; !ok {
		m.known[old] = here
	}
}

func (m places[T]) put(ctx context.Context, repos ports.Repos, place *T) error {
	if m.report.DryRun {
		return nil
	}
	return m.add(ctx, repos, place)
}

// given shows an id that a dry run does not know yet.
func given(id int64) string {
	if id == 0 {
		return "a new one"
	}
	return strconv.FormatInt(id, 10)
}

// groups moves in groups with their members. The old service had two tables for them.
func (r *run) groups(ctx context.Context) error {
	parts, err := r.parts(ctx, "user_groups", "group_id", "user_id")
	if err != nil {
		return err
	}
	of := members{parts, map[string]fate{}}
	for _, table := range []string{"group_list", "groups"} {
		err := r.batches(ctx, table, []string{"group_id"}, func(ctx context.Context, repos ports.Repos, recs []movein.Record, p *part) error {
			return r.groupBatch(ctx, repos, recs, of, p)
		})
		if err != nil {
			return err
		}
	}
	r.settle("user_groups", parts, of.fates)
	return nil
}

func (r *run) groupBatch(ctx context.Context, repos ports.Repos, recs []movein.Record, of members, p *part) error {
	rows, before, err := known(ctx, repos, recs, func(rec movein.Record) ports.Arrival {
		id := rec.Text("group_id")
		return ports.Arrival{Table: rec.Table, ID: id, Content: rec.WithParts(of.of[movein.Fold(id)]...)}
	})
	if err != nil {
		return err
	}
	taken, err := repos.Arrivals.Taken(ctx, ports.GroupKey, ids(rows))
	if err != nil {
		return err
	}
	var arrivals []ports.Arrival
	var entries []audit.Entry
	for i, rec := range recs {
		row, key := rows[i], movein.Fold(rows[i].ID)
		if was, ok := before[row.ID]; ok {
			p.again(row, was)
			of.share(p, key, earlier)
			continue
		}
		if taken[row.ID] || of.fates[key] != unknown {
			p.taken(rec.Table, row.ID)
			if of.fates[key] == unknown {
				of.share(p, key, leftOut)
			}
			continue
		}
		g := movein.Group(rec, of.of[key], r.people)
		if !r.report.DryRun {
			if err := repos.Groups.Add(ctx, &g.Thing); err != nil {
				return err
			}
		}
		row.Became = strconv.FormatInt(g.Thing.ID, 10)
		arrivals = append(arrivals, row)
		entries = append(entries, r.entry("group", row.Became, audit.Digest([]byte("group:"+row.Became), g.Thing.Contents()...)))
		p.move(g.Findings, func() { of.fates[key] = arrived })
	}
	return r.finish(ctx, repos, arrivals, entries)
}
