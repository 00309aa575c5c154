package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"surgicase/domain/directory"
	"surgicase/domain/fault"
	"surgicase/domain/ident"
	"surgicase/domain/npi"
	"surgicase/domain/pay"
	"surgicase/domain/permission"
)

type userRepo struct{ *session }

// userRow is a row of users.
type userRow struct {
	UserID         string `gorm:"primaryKey"`
	Version        int64
	UserEmail      string
	FirstName      string
	LastName       string
	Addr1          string
	Addr2          string
	City           string
	State          string
	Zipcode        string
	Telephone      string
	UserNpi        sql.NullInt64
	ReferredByUser string
	MessagePref    int
	StatesLicensed string
	Timezone       string
	Credentials    string
	InsExpDate     sql.NullString
	TaxID          []byte
	UserType       int
	UserTier       int
	MaxCaseStatus  int
	Active         int
	Finding        findingRow `gorm:"embedded"`
	LastLoginAt    sql.NullInt64
	CreatedAt      int64 `gorm:"autoCreateTime:false"`
	UpdatedAt      int64 `gorm:"autoUpdateTime:false"`
	DeactivatedAt  sql.NullInt64
	LastDocument   int64
}

func (userRow) TableName() string { return "users" }

const userColumns = "user_id, version, user_email, first_name, last_name, addr1, addr2, city, state, zipcode, telephone, user_npi, " +
	"referred_by_user, message_pref, states_licensed, timezone, credentials, ins_exp_date, tax_id, user_type, user_tier, max_case_status, " +
	"active, verified_npi, npi_verified_at, registry_name, last_login_at, created_at, updated_at, deactivated_at, last_document"

// Add implements ports.Users. Rows of users are never removed, so the primary key is enough to keep
// an id from being used again.
func (r userRepo) Add(ctx context.Context, u *directory.User) error {
	u.Version = 1
	u.NumberDocuments()
	row, err := userRowOf(u, r.keys)
	if err != nil {
		return err
	}
	if err := r.db.WithContext(ctx).Create(&row).Error; err != nil {
		return taken(err, fault.New(fault.Conflict, "user_exists", "A user with this id exists or existed.").Naming("user_id", string(u.ID)))
	}
	return r.addDocuments(ctx, u)
}

// Get implements ports.Users.
func (r userRepo) Get(ctx context.Context, id ident.UserID) (*directory.User, error) {
	u, err := r.take(ctx, id, "")
	if err != nil {
		return nil, err
	}
	documents, err := r.userDocuments(ctx, []string{string(id)})
	u.Documents = documents[id]
	return u, err
}

// GetForUse implements ports.Users.
func (r userRepo) GetForUse(ctx context.Context, id ident.UserID) (*directory.User, error) {
	return r.take(ctx, id, r.share)
}

func (r userRepo) take(ctx context.Context, id ident.UserID, lock string) (*directory.User, error) {
	var row userRow
	err := r.db.WithContext(ctx).Raw("SELECT "+userColumns+" FROM users WHERE user_id = ?"+lock, string(id)).Take(&row).Error
	if err != nil {
		return nil, missingUser(err, id)
	}
	u, err := row.toUser(r.keys)
	return &u, err
}

// missingUser is the same fault that permission.CheckSee gives for users that may not be seen, so
// that nobody can tell them from those who do not exist.
func missingUser(err error, id ident.UserID) error {
	err = missing(err, "user_not_found", "There is no such user.")
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Naming("user_id", string(id))
	}
	return err
}

// Save implements ports.Users. The last login and what the registry said are left alone: neither raises
// the version, so what was read may be older than what is stored.
func (r userRepo) Save(ctx context.Context, u *directory.User) error {
	u.NumberDocuments()
	row, err := userRowOf(u, r.keys)
	if err != nil {
		return err
	}
	row.Version++
	done := r.db.WithContext(ctx).Model(&userRow{}).Where("user_id = ? AND version = ?", string(u.ID), u.Version).
		Select("*").Omit(kept("user_id", "created_at", "last_login_at")...).Updates(&row)
	switch {
	case done.Error != nil:
		return done.Error
	case done.RowsAffected == 0:
		return raceLost()
	}
	u.Version = row.Version
	return r.replaceDocuments(ctx, u)
}

// SawLogin implements ports.Users.
func (r userRepo) SawLogin(ctx context.Context, id ident.UserID, at time.Time) error {
	return r.db.WithContext(ctx).Exec("UPDATE users SET last_login_at = ? WHERE user_id = ?", micros(at), string(id)).Error
}

// Actor implements ports.Users.
func (r userRepo) Actor(ctx context.Context, id ident.UserID) (permission.Actor, error) {
	return r.actor(ctx, id, "")
}

// ActorForUse implements ports.Users.
func (r userRepo) ActorForUse(ctx context.Context, id ident.UserID) (permission.Actor, error) {
	return r.actor(ctx, id, r.share)
}

func (r userRepo) actor(ctx context.Context, id ident.UserID, lock string) (permission.Actor, error) {
	who := permission.Actor{User: id}
	err := r.row(ctx, "SELECT user_type, max_case_status FROM users WHERE user_id = ? AND active = 1"+lock, string(id)).Scan(&who.Type, &who.Cap)
	if err != nil {
		return permission.Actor{}, missingUser(err, id)
	}
	return who, nil
}

// FindIgnoringCase implements ports.Users. The comparison reads an index of all users, and only where no id is spelled as
// the provider spells it.
func (r userRepo) FindIgnoringCase(ctx context.Context, id ident.UserID) (ident.UserID, error) {
	var exact int
	err := r.row(ctx, "SELECT EXISTS (SELECT 1 FROM users WHERE user_id = ?)", string(id)).Scan(&exact)
	if err != nil || exact == 1 {
		return id, err
	}
	var others []string
	err = r.db.WithContext(ctx).Raw("SELECT user_id FROM users WHERE LOWER(user_id) = ? LIMIT 2", strings.ToLower(string(id))).Scan(&others).Error
	if err != nil || len(others) != 1 {
		return id, err
	}
	return ident.UserID(others[0]), nil
}

// userRowOf seals what must be sealed.
func userRowOf(u *directory.User, keys *Keyring) (userRow, error) {
	seal := sealer{keys: keys}
	id := string(u.ID)
	row := userRow{
		UserID: id, Version: u.Version, UserEmail: u.Email, FirstName: u.First, LastName: u.Last,
		Addr1: u.Addr1, Addr2: u.Addr2, City: u.City, State: u.State, Zipcode: u.ZIP, Telephone: u.Telephone,
		UserNpi: nullNPI(u.NPI), ReferredByUser: u.ReferredBy, MessagePref: u.MessagePref, StatesLicensed: u.StatesLicensed,
		Timezone: u.Timezone, Credentials: u.Credentials, InsExpDate: nullDate(u.InsuranceEnds), TaxID: seal.text(u.TaxID, "tax_id", id),
		UserType: int(u.Type), UserTier: int(u.Tier), MaxCaseStatus: u.Cap, Active: flag(u.Active),
		Finding: findingRowOf(u.Registry), LastLoginAt: nullMicros(u.LastLoginAt),
		CreatedAt: micros(u.CreatedAt), UpdatedAt: micros(u.UpdatedAt), DeactivatedAt: nullMicros(u.DeactivatedAt), LastDocument: u.LastDocument,
	}
	return row, seal.err
}

// toUser opens what is sealed and makes the user, without documents.
func (row userRow) toUser(keys *Keyring) (directory.User, error) {
	open := sealer{keys: keys}
	u := directory.User{
		ID: ident.UserID(row.UserID), Version: row.Version, Email: row.UserEmail, First: row.FirstName, Last: row.LastName,
		Addr1: row.Addr1, Addr2: row.Addr2, City: row.City, State: row.State, ZIP: row.Zipcode, Telephone: row.Telephone,
		NPI: npiOf(row.UserNpi), ReferredBy: row.ReferredByUser, MessagePref: row.MessagePref, StatesLicensed: row.StatesLicensed,
		Timezone: row.Timezone, Credentials: row.Credentials, InsuranceEnds: dateOf(row.InsExpDate.String),
		TaxID: open.openText(row.TaxID, "tax_id", row.UserID),
		Type:  permission.UserType(row.UserType), Tier: pay.Tier(row.UserTier), Cap: row.MaxCaseStatus, Active: row.Active != 0,
		Registry: row.Finding.of(row.UserNpi), LastLoginAt: nullInstant(row.LastLoginAt),
		CreatedAt: instant(row.CreatedAt), UpdatedAt: instant(row.UpdatedAt), DeactivatedAt: nullInstant(row.DeactivatedAt), LastDocument: row.LastDocument,
	}
	return u, open.err
}

func nullNPI(n npi.NPI) sql.NullInt64 {
	return nullInt(int64(n)) //nolint:gosec // ten digits
}

func npiOf(stored sql.NullInt64) npi.NPI {
	return npi.NPI(stored.Int64) //nolint:gosec // ten digits
}

// userDocumentRow is a row of user_documents; positions are its number.
type userDocumentRow struct {
	UserID       string `gorm:"primaryKey"`
	Position     int64  `gorm:"primaryKey;autoIncrement:false"`
	DocumentType string
	DocumentName []byte
	ObjectKey    []byte
	ObjectStored int
	Held         objectRow `gorm:"embedded"`
}

func (userDocumentRow) TableName() string { return "user_documents" }

// userDocuments loads the documents of some users in one statement.
func (s *session) userDocuments(ctx context.Context, users []string) (map[ident.UserID][]directory.UserDocument, error) {
	found := map[ident.UserID][]directory.UserDocument{}
	if len(users) == 0 {
		return found, nil
	}
	var rows []userDocumentRow
	err := s.db.WithContext(ctx).Where("user_id IN ?", padded(users)).Order("user_id, position").Find(&rows).Error
	if err != nil {
		return nil, err
	}
	open := sealer{keys: s.keys}
	for _, row := range rows {
		id := ident.UserID(row.UserID)
		found[id] = append(found[id], directory.UserDocument{
			ID: row.Position, Type: row.DocumentType, Stored: row.ObjectStored != 0,
			Name: open.openText(row.DocumentName, "document_name", row.UserID),
			Key:  open.openText(row.ObjectKey, "object_key", row.UserID),
			Size: row.Held.SizeBytes.Int64, Media: row.Held.ContentType.String, SHA256: row.Held.Sha256,
			UploadedBy: ident.UserID(row.Held.UploadedBy.String), UploadedAt: nullInstant(row.Held.UploadedAt),
		})
	}
	return found, open.err
}

func (r userRepo) addDocuments(ctx context.Context, u *directory.User) error {
	seal := sealer{keys: r.keys}
	rows := make([]userDocumentRow, len(u.Documents))
	for i, d := range u.Documents {
		rows[i] = userDocumentRow{
			UserID: string(u.ID), Position: d.ID, DocumentType: d.Type, ObjectStored: flag(d.Stored),
			Held: objectRow{
				SizeBytes: sql.NullInt64{Int64: d.Size, Valid: d.Stored}, ContentType: nullText(d.Media), Sha256: d.SHA256,
				UploadedBy: nullText(string(d.UploadedBy)), UploadedAt: nullMicros(d.UploadedAt),
			},
			DocumentName: seal.bytes([]byte(d.Name.Reveal()), "document_name", string(u.ID)),
			ObjectKey:    seal.bytes([]byte(d.Key.Reveal()), "object_key", string(u.ID)),
		}
	}
	if seal.err != nil || len(rows) == 0 {
		return seal.err
	}
	return r.db.WithContext(ctx).Create(&rows).Error
}

// replaceDocuments writes the documents of a user if they differ from what is stored.
func (r userRepo) replaceDocuments(ctx context.Context, u *directory.User) error {
	stored, err := r.userDocuments(ctx, []string{string(u.ID)})
	if err != nil || slices.EqualFunc(stored[u.ID], u.Documents, sameDocument) {
		return err
	}
	if err := r.db.WithContext(ctx).Exec("DELETE FROM user_documents WHERE user_id = ?", string(u.ID)).Error; err != nil {
		return err
	}
	return r.addDocuments(ctx, u)
}

func sameDocument(a, b directory.UserDocument) bool {
	return a.Type == b.Type && a.Name.Equal(b.Name) && a.Key.Equal(b.Key) && a.Stored == b.Stored && a.ID == b.ID
}
