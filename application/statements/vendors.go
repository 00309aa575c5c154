package statements

import (
	"context"

	"surgicase/domain/audit"
	"surgicase/domain/ident"
	"surgicase/domain/permission"
	"surgicase/ports"
)

// RenameVendor gives a provider another name in QuickBooks, where customers and employees may have the first one. It
// returns the former name, which may be empty. Files that were made before keep it.
//
// Faults: Forbidden; NotFound "user_not_found"; Conflict "vendor_name_taken".
func (s *Reports) RenameVendor(ctx context.Context, actor permission.Actor, provider ident.UserID, name string) (former string, err error) {
	entry := audit.Record(actor, permission.NameVendors, "vendor", string(provider), s.clock.Now())
	if err := permission.Check(actor, permission.NameVendors, ""); err != nil {
		return "", ports.Refused(ctx, s.store, entry, err)
	}
	err = s.store.InTx(ctx, func(ctx context.Context, r ports.Repos) error {
		if _, err := r.Users.Get(ctx, provider); err != nil {
			return err
		}
		names, err := r.Statements.VendorNames(ctx)
		if err != nil {
			return err
		}
		former = names[provider]
		if err := r.Statements.RenameVendor(ctx, provider, name, s.clock.Now()); err != nil {
			return err
		}
		entry.Fields = []string{"vendor_name"}
		return r.Audit.Record(ctx, entry)
	})
	return former, err
}
