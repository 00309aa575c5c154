-- The database of the service before this one, as its last versions had it, with planted damage.
-- Every row, name and code is invented. The server that the service ran on was not strict: that is how
-- zero dates and numbers out of text came in.
SET sql_mode = '';
SET NAMES utf8mb4;

CREATE TABLE user_profile (
    user_id varchar(100) NOT NULL PRIMARY KEY, user_email varchar(250) NOT NULL, first_name varchar(250), last_name varchar(250),
    addr1 varchar(250), addr2 varchar(250), city varchar(250), state varchar(250), zipcode varchar(250),
    telephone bigint unsigned, user_npi bigint unsigned, referred_by_user varchar(100), user_type int unsigned DEFAULT 1,
    message_pref smallint DEFAULT 0, create_ts timestamp NULL DEFAULT CURRENT_TIMESTAMP, last_login_dt datetime, active tinyint DEFAULT 1,
    states_licensed varchar(500), last_updated_ts timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
    user_tier int unsigned NOT NULL DEFAULT 1, max_case_status int unsigned DEFAULT 20, timezone varchar(100), KEY (active)
) CHARSET = utf8mb4;
CREATE TABLE deleted_users LIKE user_profile;
ALTER TABLE deleted_users DROP COLUMN timezone;
CREATE TABLE user_documents (user_id varchar(100), document_type varchar(100), document_name varchar(250), KEY (user_id)) CHARSET = utf8mb4;
CREATE TABLE deleted_user_documents LIKE user_documents;
CREATE TABLE cases (
    case_id varchar(100) NOT NULL PRIMARY KEY, user_id varchar(100), case_date date, patient_first varchar(250), patient_last varchar(250),
    patient_dob date, ins_provider varchar(250), surgeon_id int, facility_id int, case_create_ts timestamp NULL DEFAULT CURRENT_TIMESTAMP,
    case_updated_ts timestamp NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, case_status smallint DEFAULT 0,
    paid_to_provider_ts timestamp NULL, biller_status smallint DEFAULT 0, sent_to_biller_ts timestamp NULL, received_pmnt_ts timestamp NULL,
    sent_to_negotiation_ts timestamp NULL, settled_ts timestamp NULL, sent_to_idr_ts timestamp NULL, idr_decision_ts timestamp NULL, closed_ts timestamp NULL,
    demo_file varchar(250), note_file varchar(250), misc_file varchar(250), admin_file varchar(250), active tinyint DEFAULT 1,
    human_case_id bigint NOT NULL AUTO_INCREMENT, pay_amount decimal(14,2) NOT NULL DEFAULT 0.00, pay_category varchar(20),
    pending_payment_ts timestamp NULL, phi_encrypted tinyint DEFAULT 0, KEY (human_case_id), KEY (user_id), KEY (active)
) CHARSET = utf8mb4;
CREATE TABLE deleted_cases LIKE cases;
CREATE TABLE case_procedure_codes (case_id varchar(100), procedure_code varchar(10), KEY (case_id)) CHARSET = utf8mb4;
CREATE TABLE deleted_case_procedure_codes LIKE case_procedure_codes;
CREATE TABLE surgeon_list (
    surgeon_id int NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id varchar(100), first_name varchar(250), last_name varchar(250),
    surgeon_npi bigint NOT NULL DEFAULT 0, surgeon_addr varchar(100), surgeon_city varchar(50), surgeon_state varchar(50), surgeon_zip varchar(20)
) CHARSET = utf8mb4;
CREATE TABLE deleted_surgeons LIKE surgeon_list;
CREATE TABLE facility_list (
    facility_id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id varchar(100), facility_name varchar(1000),
    facility_npi bigint NOT NULL DEFAULT 0, facility_addr varchar(100), facility_city varchar(50), facility_state varchar(50), facility_zip varchar(20)
) CHARSET = utf8mb4;
CREATE TABLE deleted_facilities LIKE facility_list;
CREATE TABLE procedure_codes (
    procedure_code varchar(10) NOT NULL, procedure_desc varchar(1000), code_category varchar(20), code_status varchar(20),
    code_pay_amount decimal(10,2) DEFAULT 0.00, tier int NOT NULL DEFAULT 1, PRIMARY KEY (procedure_code, tier)
) CHARSET = utf8mb4;
CREATE TABLE procedure_codes_desc (procedure_code varchar(10), procedure_desc varchar(1000), code_category varchar(20), code_status varchar(20)) CHARSET = utf8mb4;
CREATE TABLE cpt_codes (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, cpt_cat varchar(20), cpt_code varchar(10), cpt_description varchar(2500), code_status varchar(100)) CHARSET = utf8mb4;
CREATE TABLE user_type_list (user_type int unsigned NOT NULL PRIMARY KEY, user_type_desc varchar(100), user_max_case_status int unsigned) CHARSET = utf8mb4;
CREATE TABLE case_status_list (case_status smallint unsigned NOT NULL PRIMARY KEY, case_status_desc varchar(200)) CHARSET = utf8mb4;
CREATE TABLE user_doc_type_list (doc_type varchar(200) NOT NULL PRIMARY KEY, doc_prefix varchar(25)) CHARSET = utf8mb4;
CREATE TABLE faq_list (user_type int, faq_header varchar(500), faq_text text, display_order int) CHARSET = utf8mb4;
CREATE TABLE group_list (group_id int NOT NULL AUTO_INCREMENT PRIMARY KEY, group_desc varchar(500)) CHARSET = utf8mb4;
CREATE TABLE user_groups (user_id varchar(100), group_id int, group_admin binary(1)) CHARSET = utf8mb4;
CREATE TABLE report_email_list (report_name varchar(100), email_address varchar(250), first_name varchar(100), last_name varchar(100), KEY (report_name)) CHARSET = utf8mb4;
CREATE TABLE request_logs (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id varchar(64), request_payload text) CHARSET = utf8mb4;
CREATE TABLE npi_data_1 (npi bigint, last_name varchar(100)) CHARSET = utf8mb4;
CREATE TABLE scratch_2024 (note varchar(100)) CHARSET = utf8mb4;

INSERT INTO user_profile (user_id, user_email, first_name, last_name, addr1, city, state, zipcode, telephone, user_npi, user_type, message_pref, create_ts, last_login_dt, active, states_licensed, last_updated_ts, user_tier, max_case_status, timezone) VALUES
    ('dr-whole', 'Whole@Example.com', 'Wanda', 'Whole', '1 Sample Plaza', 'Testville', 'OR', '97001', 5035550100, 1555123458, 1, 1, '2024-01-02 03:04:05', '2025-10-01 12:00:00', 1, 'OR,WA', '2025-10-02 00:00:00', 1, 20, 'America/Los_Angeles'),
    -- no e-mail address, no state we know, a telephone out of text, an NPI with a wrong check digit, a hidden type, no such tier, a status that is gone, a zero date
    ('dr-damaged', 'not an address', 'Dan\r\ntab', 'Damaged ', '2 Sample Plaza', 'Testville', 'Oregon', '97', 0, 1555123459, 1007, 9, '2024-01-03 00:00:00', '0000-00-00 00:00:00', 1, 'OR', '2025-10-02 00:00:00', 0, 7, 'Pacific'),
    ('Dr-Case', 'case@example.com', 'Cass', 'Letter', '3 Sample Plaza', 'Testville', 'or', '97001-1234', 5035550101, 1999999992, 1, 1, '2024-01-04 00:00:00', NULL, 1, 'OR', '2025-10-02 00:00:00', 2, 0, NULL),
    ('left', 'left@example.com', 'Lee', 'Left', '4 Sample Plaza', 'Testville', 'OR', '97001', NULL, NULL, 1, 0, '2024-01-05 00:00:00', NULL, 0, NULL, '2025-06-01 00:00:00', 1, 20, ''),
    ('boss', 'boss@example.com', 'Bo', 'Boss', '5 Sample Plaza', 'Testville', 'OR', '97001', NULL, NULL, 100, 0, '2024-01-05 00:00:00', NULL, 1, NULL, '2025-06-01 00:00:00', 1, 500, ''),
    ('not an id', 'x@example.com', 'Ida', 'Odd', NULL, NULL, NULL, NULL, NULL, NULL, 1, 0, '2024-01-05 00:00:00', NULL, 1, NULL, '2025-06-01 00:00:00', 1, 20, NULL);
INSERT INTO deleted_users (user_id, user_email, first_name, last_name, state, create_ts, last_updated_ts, max_case_status) VALUES
    ('dr-gone', 'gone@example.com', 'Gail', 'Gone', 'OR', '2023-01-01 00:00:00', '2024-02-03 04:05:06', NULL),
    -- came back under the same id, in other letters
    ('DR-WHOLE', 'whole@example.com', 'Wanda', 'Whole', 'OR', '2023-01-01 00:00:00', '2023-02-01 00:00:00', 20);
INSERT INTO user_documents VALUES
    ('dr-whole', 'Medical License', 'licence.pdf'), ('DR-WHOLE', 'Medical License', 'private/user-documents/dr-whole/second.pdf'),
    ('dr-whole', 'DEA Registration', 'private/user-documents/boss/theirs.pdf'), ('nobody', 'Medical License', 'lost.pdf');
INSERT INTO deleted_user_documents VALUES ('dr-gone', 'Board Certification', 'board.pdf');

INSERT INTO surgeon_list VALUES
    (100001, 'dr-whole', 'Alex', 'Example', 1234567893, '1 Clinic Way', 'Testville', 'OR', '97001'),
    (100002, 'dr-case', 'Avery', 'Sample', 0, '2 Clinic Way', 'Testville', 'Orgeon', '97001'),
    (100003, 'nobody', 'Olga', 'Orphan', 1234567893, NULL, NULL, NULL, NULL);
INSERT INTO deleted_surgeons VALUES (99001, 'dr-gone', 'Dee', 'Leted', 1234567890, NULL, NULL, NULL, NULL);
INSERT INTO facility_list VALUES (1000001, 'dr-whole', 'Example Surgery Center', 1999999992, '3 Clinic Way', 'Testville', 'OR', '97001');
INSERT INTO deleted_facilities VALUES (1000001, 'dr-gone', 'Example Surgery Center East', 0, NULL, NULL, NULL, NULL);

INSERT INTO procedure_codes (procedure_code, tier, procedure_desc, code_category, code_status, code_pay_amount) VALUES
    ('Z9001', 1, 'invented', 'SPINE', 'Active', 1000.00), ('Z9001', 2, 'invented', 'SPINE', 'Active', 1250.00), ('Z9002', 1, 'invented', 'GYN', 'Active', 400.00),
    ('Z9', 1, 'too short', 'GYN', 'Active', 10.00), ('Z9003', 0, 'no such tier', 'GYN', 'Active', 10.00), ('Z9004', 1, 'negative', 'GYN', 'Active', -5.00);
INSERT INTO procedure_codes_desc VALUES ('Z9001', 'Invented spine procedure', 'SPINE', 'Active'), ('Z9001', 'Invented spine procedure, again', 'SPINE', 'Active');
INSERT INTO cpt_codes (cpt_cat, cpt_code, cpt_description, code_status) VALUES ('SPINE', 'Z9001', 'Invented spine procedure of the catalogue', 'Active'), (NULL, NULL, 'nothing', NULL);
INSERT INTO user_type_list VALUES (1, 'Basic Provider', 20), (10, 'Case Admin', 500), (1007, 'Hidden', 500);
INSERT INTO case_status_list VALUES (0, 'Draft'), (7, 'Needs review'), (8, 'Documents needed'), (10, 'Ready to bill'), (20, 'Paid to provider');
INSERT INTO user_doc_type_list VALUES ('Medical License', 'LIC'), ('Hospital Badge', 'BADGE');
INSERT INTO faq_list VALUES (1, 'How do I invent a case?', 'With care.', 1);
INSERT INTO group_list VALUES (3, 'Testville group');
INSERT INTO user_groups VALUES ('dr-whole', 3, 1), ('DR-CASE', 3, 0), ('nobody', 3, 0), ('dr-whole', 9, 0);
INSERT INTO report_email_list VALUES ('provider_payment_report_weekly', 'books@Example.com', 'Bea', 'Books'), ('provider_payment_report_weekly', 'books@example.com', 'Bea', 'Books'),
    ('provider_payment_report_weekly', 'nowhere', NULL, NULL), ('no_such_report', 'books@example.com', NULL, NULL);
INSERT INTO request_logs (user_id, request_payload) VALUES ('dr-whole', 'Canary in the clear');
INSERT INTO npi_data_1 VALUES (1234567893, 'Example');
INSERT INTO scratch_2024 VALUES ('somebody forgot this');

INSERT INTO cases (case_id, human_case_id, user_id, case_date, patient_first, patient_last, patient_dob, ins_provider, surgeon_id, facility_id, case_create_ts, case_updated_ts, case_status, pending_payment_ts, paid_to_provider_ts, sent_to_biller_ts, closed_ts, demo_file, note_file, pay_amount, pay_category, active, phi_encrypted) VALUES
    ('whole-10', 1, 'dr-whole', '2025-03-01', 'Canary', 'Whole', '1960-02-03', 'Example Plan', 100001, 1000001, '2025-03-01 10:00:00', '2025-03-02 10:00:00', 10, NULL, NULL, NULL, NULL, 'demo.pdf', 'note.pdf', 1000.00, 'SPINE', 1, 0),
    ('pending-15', 2, 'dr-whole', '2025-03-02', 'Canary', 'Pending', NULL, NULL, 100001, NULL, '2025-03-02 10:00:00', '2025-03-03 10:00:00', 15, '2025-03-03 08:00:00', NULL, NULL, NULL, NULL, NULL, 400.00, 'GYN', 1, 0),
    ('paid-20', 3, 'Dr-Case', '2025-03-03', 'Canary', 'Paid', NULL, NULL, NULL, NULL, '2025-03-03 10:00:00', '2025-03-06 08:00:00', 20, '2025-03-04 08:00:00', '2025-03-06 08:00:00', NULL, NULL, NULL, NULL, 1250.00, 'SPINE', 1, 0),
    -- jumped to 20: no time of the payment
    ('jumped-20', 4, 'left', '2025-03-04', 'Canary', 'Jumped', NULL, NULL, NULL, NULL, '2025-03-04 10:00:00', '2025-03-07 08:00:00', 20, NULL, NULL, NULL, NULL, NULL, NULL, 0.00, NULL, 1, 0),
    ('billed-30', 5, 'dr-whole', '2025-03-05', 'Canary', 'Billed', NULL, NULL, NULL, NULL, '2025-03-05 10:00:00', '2025-03-20 08:00:00', 30, '2025-03-10 08:00:00', '2025-03-13 08:00:00', '2025-03-20 08:00:00', NULL, NULL, NULL, 400.00, 'GYN', 1, 0),
    -- closed straight from 10, and never paid
    ('closed-500', 6, 'dr-whole', '2025-03-06', 'Canary', 'Closed', NULL, NULL, NULL, NULL, '2025-03-06 10:00:00', '2025-04-01 08:00:00', 500, NULL, NULL, NULL, NULL, NULL, NULL, 77.00, 'GYN', 1, 0),
    ('rejected-400', 7, 'dr-whole', '2025-03-07', 'Canary', 'Rejected', NULL, NULL, NULL, NULL, '2025-03-07 10:00:00', '2025-04-01 08:00:00', 400, NULL, NULL, NULL, NULL, NULL, NULL, 0.00, NULL, 1, 0),
    ('review-7', 8, 'DR-WHOLE', '2025-03-08', 'Canary', 'Review', NULL, NULL, NULL, NULL, '2025-03-08 10:00:00', '2025-03-08 10:00:00', 7, NULL, NULL, NULL, NULL, NULL, NULL, 1000.00, 'SPINE', 1, 0),
    ('documents-8', 9, 'dr-whole', '2025-03-09', 'Canary', 'Documents', NULL, NULL, NULL, NULL, '2025-03-09 10:00:00', '2025-03-09 10:00:00', 8, NULL, NULL, NULL, NULL, NULL, NULL, 0.00, NULL, 1, 0),
    ('unknown-3', 10, 'dr-whole', '2025-03-10', 'Canary', 'Unknown', NULL, NULL, NULL, NULL, '2025-03-10 10:00:00', '2025-03-10 10:00:00', 3, NULL, NULL, NULL, NULL, NULL, NULL, 12.34, NULL, 1, 0),
    ('zero-date', 11, 'dr-whole', '0000-00-00', 'Canary', 'Zero', '0000-00-00', NULL, 55, 66, '2025-03-11 10:00:00', '2025-03-11 10:00:00', 0, NULL, NULL, NULL, NULL, '../../etc/passwd', NULL, 0.00, NULL, 1, 0),
    ('orphan-owner', 12, 'nobody', '2025-03-12', 'Canary', 'Orphan', NULL, NULL, NULL, NULL, '2025-03-12 10:00:00', '2025-03-12 10:00:00', 20, NULL, NULL, NULL, NULL, NULL, NULL, 500.00, 'GYN', 1, 0),
    ('stale-pay', 13, 'dr-whole', '2025-03-13', 'Canary', 'Stale', NULL, NULL, NULL, NULL, '2025-03-13 10:00:00', '2025-03-13 10:00:00', 10, NULL, NULL, NULL, NULL, NULL, NULL, 999.99, 'SPINE', 1, 0),
    ('twin', 14, 'dr-whole', '2025-03-01', ' canary', 'WHOLE', NULL, NULL, NULL, NULL, '2025-03-14 10:00:00', '2025-03-14 10:00:00', 0, NULL, NULL, NULL, NULL, NULL, NULL, 0.00, NULL, 1, 0),
    -- thrown back after it was paid, with the times left standing
    ('thrown-back', 15, 'dr-whole', '2025-03-15', 'Canary', 'Thrown', NULL, NULL, NULL, NULL, '2025-03-15 10:00:00', '2025-03-15 10:00:00', 10, '2025-03-16 08:00:00', '2025-03-17 08:00:00', NULL, NULL, NULL, NULL, 1000.00, 'SPINE', 1, 0),
    -- thrown back by hand before it was paid
    ('taken-back', 20, 'dr-whole', '2025-03-20', 'Canary', 'Taken', NULL, NULL, NULL, NULL, '2025-03-20 10:00:00', '2025-03-20 10:00:00', 1, '2025-03-16 08:00:00', NULL, NULL, NULL, NULL, NULL, 0.00, NULL, 1, 0),
    ('stranded', 16, 'dr-whole', '2025-03-16', 'Canary', 'Stranded', NULL, NULL, NULL, NULL, '2025-03-16 10:00:00', '2025-03-16 10:00:00', 0, NULL, NULL, NULL, NULL, NULL, NULL, 0.00, NULL, 0, 0),
    ('Canary Smith, 4 March', 17, 'dr-whole', '2025-03-17', 'Canary', 'Smith', NULL, NULL, NULL, NULL, '2025-03-17 10:00:00', '2025-03-17 10:00:00', 0, NULL, NULL, NULL, NULL, NULL, NULL, 5.00, NULL, 1, 0),
    ('sealed', 18, 'dr-whole', '2025-03-18', 'AAAA', 'BBBB', NULL, NULL, NULL, NULL, '2025-03-18 10:00:00', '2025-03-18 10:00:00', 0, NULL, NULL, NULL, NULL, NULL, NULL, 0.00, NULL, 1, 1),
    ('negative', 19, 'dr-whole', '2025-03-19', 'Canary', 'Negative', NULL, NULL, NULL, NULL, '2025-03-19 10:00:00', '2025-03-19 10:00:00', 0, NULL, NULL, NULL, NULL, NULL, NULL, -1.00, NULL, 1, 0);
INSERT INTO deleted_cases (case_id, human_case_id, user_id, case_date, patient_first, patient_last, case_create_ts, case_updated_ts, case_status, paid_to_provider_ts, pay_amount, pay_category) VALUES
    ('gone-15', 101, 'dr-gone', '2024-01-01', 'Canary', 'Gone', '2024-01-01 10:00:00', '2024-01-02 10:00:00', 15, NULL, 400.00, 'GYN'),
    ('gone-20', 102, 'dr-gone', '2024-01-02', 'Canary', 'Gonepaid', '2024-01-02 10:00:00', '2024-01-03 10:00:00', 20, '2024-01-03 08:00:00', 300.00, 'GYN'),
    -- recorded again under the same id, and its number given to another
    ('whole-10', 2, 'dr-whole', '2024-01-03', 'Canary', 'Again', '2024-01-03 10:00:00', '2024-01-03 10:00:00', 0, NULL, 0.00, NULL);
INSERT INTO case_procedure_codes VALUES
    ('whole-10', 'Z9001'), ('whole-10', 'Z9002'), ('WHOLE-10', 'z9001'), ('pending-15', 'Z9002'), ('paid-20', 'Z9001'), ('billed-30', 'Z9002'), ('review-7', 'Z9001-50'),
    ('review-7', 'spine op'), ('stale-pay', 'Z9002'), ('thrown-back', 'Z9001'), ('unknown-3', 'Z9001'), ('no-such-case', 'Z9001'), ('closed-500', 'Z9009');
INSERT INTO deleted_case_procedure_codes VALUES ('gone-15', 'Z9002'), ('gone-20', 'Z9002');
