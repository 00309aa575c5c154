package sqlstore

import (
	"bytes"
	"context"
	"slices"

	"surgicase/domain/fault"
	"surgicase/domain/pay"
	"surgicase/ports"
)

type arrivalRepo struct{ *session }

// arrivalRow is a row of the old database that was moved in.
type arrivalRow struct {
	SourceTable   string `gorm:"primaryKey"`
	SourceID      string `gorm:"primaryKey"`
	Became        string
	ContentDigest []byte
}

func (arrivalRow) TableName() string { return "arrivals" }

// Known implements ports.Arrivals.
func (r arrivalRepo) Known(ctx context.Context, rows []ports.Arrival) (map[string]ports.Arrived, error) {
	found := map[string]ports.Arrived{}
	for batch := range slices.Chunk(rows, setBatch) {
		ids, digests := make([]string, len(batch)), map[string][]byte{}
		for i, row := range batch {
			digest, err := r.keys.digest(row.Content)
			if err != nil {
				return nil, err
			}
			ids[i], digests[row.ID] = row.ID, digest
		}
		var stored []arrivalRow
		err := r.db.WithContext(ctx).Where("source_table = ? AND source_id IN ?", batch[0].Table, padded(ids)).Find(&stored).Error
		if err != nil {
			return nil, err
		}
		for _, row := range stored {
			found[row.SourceID] = ports.Arrived{Became: row.Became, Same: bytes.Equal(row.ContentDigest, digests[row.SourceID])}
		}
	}
	return found, nil
}

// Add implements ports.Arrivals.
func (r arrivalRepo) Add(ctx context.Context, rows []ports.Arrival) error {
	if len(rows) == 0 {
		return nil
	}
	stored := make([]arrivalRow, len(rows))
	for i, row := range rows {
		digest, err := r.keys.digest(row.Content)
		if err != nil {
			return err
		}
		stored[i] = arrivalRow{SourceTable: row.Table, SourceID: row.ID, Became: row.Became, ContentDigest: digest}
	}
	err := r.db.WithContext(ctx).CreateInBatches(&stored, setBatch).Error
	return taken(err, fault.New(fault.Conflict, changedMeanwhile, "One of the rows was moved in meanwhile."))
}

// keyColumns are where the keys are that must not be used twice.
var keyColumns = map[ports.Key][2]string{
	ports.UserKey: {"users", "user_id"}, ports.SurgeonKey: {"surgeons", "surgeon_id"}, ports.FacilityKey: {"facilities", "facility_id"},
	ports.GroupKey: {"user_groups", "group_id"}, ports.CaseKey: {"case_ids", "case_id"}, ports.NumberKey: {"case_ids", "human_case_id"},
}

// Taken implements ports.Arrivals.
func (r arrivalRepo) Taken(ctx context.Context, key ports.Key, among []string) (map[string]bool, error) {
	taken, place := map[string]bool{}, keyColumns[key]
	for batch := range slices.Chunk(among, setBatch) {
		var found []string
		err := r.db.WithContext(ctx).Table(place[0]).Where(place[1]+" IN ?", padded(batch)).Pluck(place[1], &found).Error
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			taken[id] = true
		}
	}
	return taken, nil
}

// Worth implements ports.Arrivals.
func (r arrivalRepo) Worth(ctx context.Context, numbers []int64) (pay.Cents, error) {
	var sum pay.Cents
	for batch := range slices.Chunk(numbers, setBatch) {
		var part int64
		err := r.db.WithContext(ctx).Raw("SELECT COALESCE(SUM(pay_amount_cents), 0) FROM cases WHERE human_case_id IN ?", padded(batch)).
			Row().Scan(&part)
		if err != nil {
			return 0, err
		}
		sum += pay.Cents(part)
	}
	return sum, nil
}
