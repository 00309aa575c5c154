// Command floor answers four requests of SurgiCase with the same SQL, bare net/http and prepared
// statements, and nothing else: no permissions, no validation, no encryption, no rules. What it costs
// is the least that any program on this database can cost; test/bench measures ours beside it.
package main

import (
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/mattn/go-sqlite3"
)

// floor is the program: prepared statements on a pool that reads and one that writes.
type floor struct {
	read, write *sql.DB
	returning   bool // SQLite tells a new id by RETURNING, as ours asks it to
	one         *sql.Stmt
	list        *sql.Stmt
	labels      *sql.Stmt
	actor       *sql.Stmt
	journal     journal
}

func main() {
	database := flag.String("database", "", "path of a SQLite file, or a DSN of MySQL with @tcp(")
	flag.Parse()
	f, err := open(*database)
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /case", f.answer(f.getCase))
	mux.HandleFunc("GET /case_filter", f.answer(f.filter))
	mux.HandleFunc("POST /case", f.answer(f.create))
	mux.HandleFunc("PATCH /case", f.answer(f.change))
	mux.HandleFunc("PATCH /bulk_update_case_status", f.answer(f.bulk))
	mux.HandleFunc("GET /mallocs", mallocs)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	_, _ = fmt.Fprintf(os.Stderr, "floor serves http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}

// open opens the database as ours does: the same pragmas, pools and durability.
func open(database string) (*floor, error) {
	f := &floor{}
	var err error
	if strings.Contains(database, "@tcp(") {
		f.read, err = sql.Open("mysql", database)
		if err != nil {
			return nil, err
		}
		f.read.SetMaxOpenConns(25)
		f.read.SetMaxIdleConns(25)
		f.write = f.read
	} else {
		f.returning = true
		const pragmas = "?_busy_timeout=10000&_foreign_keys=on&_journal_mode=WAL&_synchronous=FULL&_stmt_cache_size=200"
		if f.write, err = sql.Open("sqlite3", "file:"+database+pragmas+"&_txlock=immediate"); err != nil {
			return nil, err
		}
		f.write.SetMaxOpenConns(1)
		if f.read, err = sql.Open("sqlite3", "file:"+database+pragmas+"&_query_only=1"); err != nil {
			return nil, err
		}
		f.read.SetMaxOpenConns(4)
		f.read.SetMaxIdleConns(4)
	}
	for text, stmt := range map[string]**sql.Stmt{
		sheet + " WHERE c.case_id = ? AND c.active = 1 AND c.user_id = ?":                                        &f.one,
		sheet + " WHERE c.active = 1 AND c.user_id = ? AND c.user_id = ? ORDER BY c.case_id DESC LIMIT 1001":     &f.list,
		"SELECT case_status, case_status_desc FROM case_status_labels ORDER BY case_status":                      &f.labels,
		"SELECT user_id, user_type, max_case_status, active FROM users WHERE user_id = ? AND active = 1 LIMIT 1": &f.actor,
	} {
		if *stmt, err = f.read.Prepare(text); err != nil { //nolint:sqlclosecheck // open as long as the program
			return nil, err
		}
	}
	f.journal = journal{db: f.write}
	return f, nil
}

// answer writes what a handler returns as JSON.
func (f *floor) answer(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var user string
		var kind, most, active int
		err := f.actor.QueryRow(r.Header.Get("X-User-ID")).Scan(&user, &kind, &most, &active)
		var body any
		if err == nil {
			body, err = handle(r)
		}
		var text []byte
		if err == nil {
			text, err = json.Marshal(body)
		}
		if err != nil {
			log.Print(err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusCreated)
		}
		_, _ = w.Write(text)
	}
}
