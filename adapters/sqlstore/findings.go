package sqlstore

import (
	"context"
	"database/sql"

	"surgicase/domain/directory"
	"surgicase/domain/ident"
)

// findingRow is what the registry said, in the rows of users, surgeons and facilities. It is written
// with new rows and by findingRepo, never by a Save.
type findingRow struct {
	VerifiedNpi   sql.NullInt64
	NpiVerifiedAt sql.NullInt64
	RegistryName  string
}

func findingRowOf(f directory.Finding) findingRow {
	return findingRow{nullNPI(f.NPI), nullMicros(f.At), f.Name}
}

// of is nothing if it is about another NPI than the present one.
func (row findingRow) of(present sql.NullInt64) directory.Finding {
	if row.VerifiedNpi != present || !present.Valid {
		return directory.Finding{}
	}
	return directory.Finding{NPI: npiOf(row.VerifiedNpi), At: nullInstant(row.NpiVerifiedAt), Name: row.RegistryName}
}

// kept names the columns that a Save leaves alone: these and what the registry said.
func kept(columns ...string) []string {
	return append(columns, "verified_npi", "npi_verified_at", "registry_name")
}

type findingRepo struct{ *session }

// User implements ports.NPIFindings.
func (r findingRepo) User(ctx context.Context, id ident.UserID, f directory.Finding) error {
	return r.note(ctx, "UPDATE users SET verified_npi = ?, npi_verified_at = ?, registry_name = ? WHERE user_npi = ? AND user_id = ?", f, string(id))
}

// Surgeon implements ports.NPIFindings.
func (r findingRepo) Surgeon(ctx context.Context, id int64, f directory.Finding) error {
	return r.note(ctx, "UPDATE surgeons SET verified_npi = ?, npi_verified_at = ?, registry_name = ? WHERE surgeon_npi = ? AND surgeon_id = ?", f, id)
}

// Facility implements ports.NPIFindings.
func (r findingRepo) Facility(ctx context.Context, id int64, f directory.Finding) error {
	return r.note(ctx, "UPDATE facilities SET verified_npi = ?, npi_verified_at = ?, registry_name = ? WHERE facility_npi = ? AND facility_id = ?", f, id)
}

func (r findingRepo) note(ctx context.Context, update string, f directory.Finding, id any) error {
	return r.db.WithContext(ctx).Exec(update, nullNPI(f.NPI), nullMicros(f.At), f.Name, nullNPI(f.NPI), id).Error
}
