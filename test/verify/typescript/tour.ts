// The README's tour as a client in TypeScript would go it. Its types are generated from /openapi.json:
// what the description gets wrong does not compile, what the server gets wrong ends with an error.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };

const baseUrl = process.argv[2];
if (!baseUrl) throw new Error("usage: tour BASE_URL");

const as = (user: string) => createClient<paths>({ baseUrl, headers: { "X-User-ID": user } });
const admin = as("demo-user-admin");
const doctor = as("dr-ts");
const caseAdmin = as("demo-case-admin");

/** The answer to a request that must succeed. */
async function done<T>(request: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await request;
  if (error !== undefined || data === undefined) throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data;
}

function must(what: string, is: unknown, want: unknown): void {
  if (JSON.stringify(is) !== JSON.stringify(want)) throw new Error(`${what} is ${JSON.stringify(is)}, want ${JSON.stringify(want)}`);
}

const address = { city: "Testville", state: "OR" } as const;
const user = await done(admin.POST("/user", {
  body: {
    user_id: "dr-ts", user_email: "dr.ts@example.com", first_name: "Toni", last_name: "Script", addr1: "1 Sample Plaza", ...address, zipcode: "97001",
    telephone: "503-555-0100", user_npi: "1555123458", message_pref: 1, states_licensed: "OR",
  },
}));
must("the new user", user.user_id, "dr-ts");

const surgeon = await done(doctor.POST("/surgeon", {
  body: { first_name: "Alex", last_name: "Example", surgeon_npi: 1234567893, surgeon_addr: "2 Sample Plaza", surgeon_city: "Testville", surgeon_state: "OR", surgeon_zip: "97001" },
}));
const facility = await done(doctor.POST("/facility", {
  body: { facility_name: "Example Surgery Center", facility_npi: 1999999992, facility_addr: "3 Sample Plaza", facility_city: "Testville", facility_state: "OR", facility_zip: "97001" },
}));

const created = await done(doctor.POST("/case", {
  body: {
    case_id: "ts-1", case_date: "2026-11-02", surgeon_id: surgeon.surgeon_id, facility_id: facility.facility_id,
    patient: { first: "Rosalind", last: "Example", ins_provider: "Example Health Plan" }, procedure_codes: ["Z1001", "Z1002-50"],
  },
}));
must("the case's id", created.case_id, "ts-1");

const changed = await done(doctor.PATCH("/case", { body: { case_id: "ts-1", demo_file: "demographics.pdf", note_file: "operative-note.pdf" } }));
must("what was updated", changed.updated_fields, ["demo_file", "note_file"]);

const read = await done(doctor.GET("/case", { params: { query: { case_id: "ts-1" } } }));
must("the case's status", read.case.case_status, 1);
must("the case's pay", read.case.pay_amount, 275);

const pay = await done(doctor.GET("/case_pay", { params: { query: { case_id: "ts-1" } } }));
must("the explained pay", pay.pay_amount, 275);

const foreign = await as("demo-provider").GET("/case", { params: { query: { case_id: "ts-1" } } });
must("a stranger's answer", [foreign.response.status, foreign.error?.code], [404, "case_not_found"]);

const moved = await done(caseAdmin.PATCH("/bulk_update_case_status", { body: { case_ids: ["ts-1"], new_status: 10 } }));
must("how many moved", moved.total_updated, 1);

console.log("the tour is done");
