package sqlstore

import (
	"context"
	"slices"
	"time"

	"surgicase/domain/accounting"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/statement"
	"surgicase/domain/surgical"
)

type statementRepo struct{ *session }

// Cases implements ports.Statements.
func (r statementRepo) Cases(ctx context.Context, numbers []int64) (map[int64]statement.Words, error) {
	found := make(map[int64]statement.Words, len(numbers))
	for batch := range slices.Chunk(numbers, 2*setBatch) {
		parts := caseParts{codes: map[int64][]surgical.Code{}}
		if err := r.loadCodes(ctx, batch, parts); err != nil {
			return nil, err
		}
		if err := r.words(ctx, batch, parts, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (r statementRepo) words(ctx context.Context, numbers []int64, parts caseParts, into map[int64]statement.Words) error {
	rows, err := r.db.WithContext(ctx).Raw("SELECT human_case_id, case_id, patient_first, patient_last FROM cases WHERE human_case_id IN ?", padded(numbers)).Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	open := sealer{keys: r.keys}
	for rows.Next() {
		var number int64
		var id string
		var first, last []byte
		if err := rows.Scan(&number, &id, &first, &last); err != nil {
			return err
		}
		into[number] = statement.Words{
			Patient: surgical.Patient{First: open.openText(first, "patient_first", id), Last: open.openText(last, "patient_last", id)}, Codes: parts.codes[number],
		}
	}
	if open.err != nil {
		return open.err
	}
	return rows.Err()
}

// Payees implements ports.Statements.
func (r statementRepo) Payees(ctx context.Context, ids []ident.UserID) (map[ident.UserID]statement.Payee, error) {
	found := make(map[ident.UserID]statement.Payee, len(ids))
	for batch := range slices.Chunk(ids, 2*setBatch) {
		var rows []userRow
		err := r.db.WithContext(ctx).Select("user_id", "user_email", "first_name", "last_name", "addr1", "addr2", "city", "state", "zipcode", "telephone",
			"user_npi", "tax_id").Where("user_id IN ?", padded(batch)).Find(&rows).Error
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			u, err := row.toUser(r.keys)
			if err != nil {
				return nil, err
			}
			found[u.ID] = statement.Payee{
				ID: u.ID, First: u.First, Last: u.Last, NPI: u.NPI, Email: u.Email, Telephone: u.Telephone,
				Addr1: u.Addr1, Addr2: u.Addr2, City: u.City, State: u.State, ZIP: u.ZIP, TaxID: u.TaxID,
			}
		}
	}
	return found, nil
}

// vendorRow is a row of vendor_names.
type vendorRow struct {
	UserID     string `gorm:"primaryKey"`
	VendorName string
	VendorKey  string
	NamedAt    int64
}

func (vendorRow) TableName() string { return "vendor_names" }

// VendorNames implements ports.Statements.
func (r statementRepo) VendorNames(ctx context.Context) (map[ident.UserID]string, error) {
	var rows []vendorRow
	err := r.db.WithContext(ctx).Select("user_id", "vendor_name").Find(&rows).Error
	names := make(map[ident.UserID]string, len(rows))
	for _, row := range rows {
		names[ident.UserID(row.UserID)] = row.VendorName
	}
	return names, err
}

// NameVendors implements ports.Statements.
func (r statementRepo) NameVendors(ctx context.Context, names map[ident.UserID]string, at time.Time) error {
	rows := make([]vendorRow, 0, len(names))
	for id, name := range names {
		rows = append(rows, vendorRow{UserID: string(id), VendorName: name, VendorKey: accounting.VendorKey(name), NamedAt: micros(at)})
	}
	if len(rows) == 0 {
		return nil
	}
	err := r.db.WithContext(ctx).CreateInBatches(&rows, setBatch).Error
	return taken(err, fault.New(fault.Conflict, changedMeanwhile, "One of the vendors was named meanwhile."))
}

// RenameVendor implements ports.Statements.
func (r statementRepo) RenameVendor(ctx context.Context, provider ident.UserID, name string, at time.Time) error {
	row := vendorRow{UserID: string(provider), VendorName: name, VendorKey: accounting.VendorKey(name), NamedAt: micros(at)}
	db := r.db.WithContext(ctx)
	changed := db.Exec("UPDATE vendor_names SET vendor_name = ?, vendor_key = ?, named_at = ? WHERE user_id = ?", row.VendorName, row.VendorKey, row.NamedAt, row.UserID)
	err := changed.Error
	if err == nil && changed.RowsAffected == 0 {
		err = db.Create(&row).Error
	}
	return taken(err, fault.New(fault.Conflict, "vendor_name_taken", "Another provider has this name in QuickBooks."))
}

// passwordRow is a row of report_passwords.
type passwordRow struct {
	Holder         string `gorm:"primaryKey"`
	ReportPassword []byte
	MadeAt         int64
}

func (passwordRow) TableName() string { return "report_passwords" }

// Password implements ports.Statements.
func (r statementRepo) Password(ctx context.Context, holder string) (surgical.PHI, error) {
	var row passwordRow
	if err := r.db.WithContext(ctx).Take(&row, "holder = ?", holder).Error; err != nil {
		return surgical.PHI{}, missing(err, "no_report_password", "There is no such password yet.")
	}
	open := sealer{keys: r.keys}
	password := open.openText(row.ReportPassword, "report_password", holder)
	return password, open.err
}

// AddPassword implements ports.Statements.
func (r statementRepo) AddPassword(ctx context.Context, holder string, password surgical.PHI, at time.Time) error {
	seal := sealer{keys: r.keys}
	row := passwordRow{Holder: holder, ReportPassword: seal.text(password, "report_password", holder), MadeAt: micros(at)}
	if seal.err != nil {
		return seal.err
	}
	return taken(r.db.WithContext(ctx).Create(&row).Error, fault.New(fault.Conflict, changedMeanwhile, "There is a password by now."))
}
