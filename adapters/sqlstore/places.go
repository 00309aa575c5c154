package sqlstore

import (
	"context"
	"database/sql"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
)

// Surgeons and facilities differ in their names and columns only. The functions of places hold what
// they have in common; key is the column of the id.
type places struct {
	*session
	key string
}

type placeRow interface{ surgeonRow | facilityRow }

// addPlace inserts a row, which is given its id. An owner we do not know is the caller's mistake.
func addPlace[R placeRow](ctx context.Context, p places, row *R) error {
	err := p.db.WithContext(ctx).Create(row).Error
	return unknownReference(err, fault.New(fault.Invalid, "unknown_user", "There is no such user."))
}

func getPlace[R placeRow](ctx context.Context, p places, id int64, in permission.Scope) (R, error) {
	var row R
	where, args := inScope(in, "user_id")
	err := p.db.WithContext(ctx).Where(p.key+" = ? AND active = 1"+where, append([]any{id}, args...)...).Take(&row).Error
	return row, err
}

func savePlace[R placeRow](ctx context.Context, p places, id, read int64, row *R) error {
	done := p.db.WithContext(ctx).Model(new(R)).Where(p.key+" = ? AND version = ?", id, read).
		Select("*").Omit(kept(p.key, "created_at")...).Updates(row)
	if done.Error == nil && done.RowsAffected == 0 {
		return raceLost()
	}
	return done.Error
}

func listPlaces[R placeRow](ctx context.Context, p places, owner ident.UserID, after int64, limit int) ([]R, error) {
	var rows []R
	err := p.db.WithContext(ctx).Where("user_id = ? AND active = 1 AND "+p.key+" > ?", string(owner), after).
		Order(p.key).Limit(limit).Find(&rows).Error
	return rows, err
}

type surgeonRepo struct{ *session }

func (r surgeonRepo) places() places { return places{r.session, "surgeon_id"} }

// surgeonRow is a row of surgeons. Active mirrors deleted_at: an index cannot start with "is null".
type surgeonRow struct {
	SurgeonID    int64 `gorm:"primaryKey"`
	Version      int64
	UserID       string
	FirstName    string
	LastName     string
	SurgeonNpi   sql.NullInt64
	SurgeonAddr  string
	SurgeonCity  string
	SurgeonState string
	SurgeonZip   string
	Finding      findingRow `gorm:"embedded"`
	Active       int
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	DeletedAt    sql.NullInt64
}

func (surgeonRow) TableName() string { return "surgeons" }

func surgeonRowOf(s *directory.Surgeon) surgeonRow {
	return surgeonRow{
		SurgeonID: s.ID, Version: s.Version, UserID: string(s.Owner), FirstName: s.First, LastName: s.Last, SurgeonNpi: nullNPI(s.NPI),
		SurgeonAddr: s.Address.Line, SurgeonCity: s.Address.City, SurgeonState: s.Address.State, SurgeonZip: s.Address.ZIP, Finding: findingRowOf(s.Registry),
		Active: flag(s.DeletedAt.IsZero()), CreatedAt: micros(s.CreatedAt), DeletedAt: nullMicros(s.DeletedAt),
	}
}

func (row surgeonRow) toSurgeon() directory.Surgeon {
	return directory.Surgeon{
		ID: row.SurgeonID, Version: row.Version, Owner: ident.UserID(row.UserID), First: row.FirstName, Last: row.LastName,
		NPI: npiOf(row.SurgeonNpi), Registry: row.Finding.of(row.SurgeonNpi),
		Address:   directory.Address{Line: row.SurgeonAddr, City: row.SurgeonCity, State: row.SurgeonState, ZIP: row.SurgeonZip},
		CreatedAt: instant(row.CreatedAt), DeletedAt: nullInstant(row.DeletedAt),
	}
}

// Add implements ports.Surgeons.
func (r surgeonRepo) Add(ctx context.Context, s *directory.Surgeon) error {
	s.Version = 1
	row := surgeonRowOf(s)
	err := addPlace(ctx, r.places(), &row)
	s.ID = row.SurgeonID
	return err
}

// Get implements ports.Surgeons.
func (r surgeonRepo) Get(ctx context.Context, id int64, in permission.Scope) (*directory.Surgeon, error) {
	row, err := getPlace[surgeonRow](ctx, r.places(), id, in)
	if err != nil {
		return nil, missing(err, "surgeon_not_found", "There is no such surgeon.")
	}
	s := row.toSurgeon()
	return &s, nil
}

// Save implements ports.Surgeons.
func (r surgeonRepo) Save(ctx context.Context, s *directory.Surgeon) error {
	row := surgeonRowOf(s)
	row.Version++
	err := savePlace(ctx, r.places(), s.ID, s.Version, &row)
	if err == nil {
		s.Version = row.Version
	}
	return err
}

// List implements ports.Surgeons.
func (r surgeonRepo) List(ctx context.Context, owner ident.UserID, after int64, limit int) ([]directory.Surgeon, error) {
	rows, err := listPlaces[surgeonRow](ctx, r.places(), owner, after, limit)
	return mapped(rows, surgeonRow.toSurgeon), err
}

type facilityRepo struct{ *session }

func (r facilityRepo) places() places { return places{r.session, "facility_id"} }

// facilityRow is a row of facilities.
type facilityRow struct {
	FacilityID    int64 `gorm:"primaryKey"`
	Version       int64
	UserID        string
	FacilityName  string
	FacilityNpi   sql.NullInt64
	FacilityAddr  string
	FacilityCity  string
	FacilityState string
	FacilityZip   string
	Finding       findingRow `gorm:"embedded"`
	Active        int
	CreatedAt     int64 `gorm:"autoCreateTime:false"`
	DeletedAt     sql.NullInt64
}

func (facilityRow) TableName() string { return "facilities" }

func facilityRowOf(f *directory.Facility) facilityRow {
	return facilityRow{
		FacilityID: f.ID, Version: f.Version, UserID: string(f.Owner), FacilityName: f.Name, FacilityNpi: nullNPI(f.NPI),
		FacilityAddr: f.Address.Line, FacilityCity: f.Address.City, FacilityState: f.Address.State, FacilityZip: f.Address.ZIP, Finding: findingRowOf(f.Registry),
		Active: flag(f.DeletedAt.IsZero()), CreatedAt: micros(f.CreatedAt), DeletedAt: nullMicros(f.DeletedAt),
	}
}

func (row facilityRow) toFacility() directory.Facility {
	return directory.Facility{
		ID: row.FacilityID, Version: row.Version, Owner: ident.UserID(row.UserID), Name: row.FacilityName,
		NPI: npiOf(row.FacilityNpi), Registry: row.Finding.of(row.FacilityNpi),
		Address:   directory.Address{Line: row.FacilityAddr, City: row.FacilityCity, State: row.FacilityState, ZIP: row.FacilityZip},
		CreatedAt: instant(row.CreatedAt), DeletedAt: nullInstant(row.DeletedAt),
	}
}

// Add implements ports.Facilities.
func (r facilityRepo) Add(ctx context.Context, f *directory.Facility) error {
	f.Version = 1
	row := facilityRowOf(f)
	err := addPlace(ctx, r.places(), &row)
	f.ID = row.FacilityID
	return err
}

// Get implements ports.Facilities.
func (r facilityRepo) Get(ctx context.Context, id int64, in permission.Scope) (*directory.Facility, error) {
	row, err := getPlace[facilityRow](ctx, r.places(), id, in)
	if err != nil {
		return nil, missing(err, "facility_not_found", "There is no such facility.")
	}
	f := row.toFacility()
	return &f, nil
}

// Save implements ports.Facilities.
func (r facilityRepo) Save(ctx context.Context, f *directory.Facility) error {
	row := facilityRowOf(f)
	row.Version++
	err := savePlace(ctx, r.places(), f.ID, f.Version, &row)
	if err == nil {
		f.Version = row.Version
	}
	return err
}

// List implements ports.Facilities.
func (r facilityRepo) List(ctx context.Context, owner ident.UserID, after int64, limit int) ([]directory.Facility, error) {
	rows, err := listPlaces[facilityRow](ctx, r.places(), owner, after, limit)
	return mapped(rows, facilityRow.toFacility), err
}

// mapped turns rows into what leaves the package; no rows make an empty list, not nil.
func mapped[R, T any](rows []R, turn func(R) T) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = turn(row)
	}
	return out
}
