-- +goose Up
-- How existing duplicates are found. twin_fold says which folding of names made twin_digest (0: that of the program
-- before), folded_digest repeats the digest made so: they differ where the program before has saved the case since.
-- duplicate_mark: 1 found and held, 2 confirmed, and 4 if the case had been forced before.
ALTER TABLE cases ADD COLUMN twin_fold SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD COLUMN folded_digest VARBINARY(32) NULL;
ALTER TABLE cases ADD COLUMN duplicate_mark SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE cases ADD KEY cases_by_fold (twin_fold, human_case_id);

-- +goose Down
ALTER TABLE cases DROP KEY cases_by_fold;
ALTER TABLE cases DROP COLUMN duplicate_mark;
ALTER TABLE cases DROP COLUMN folded_digest;
ALTER TABLE cases DROP COLUMN twin_fold;
