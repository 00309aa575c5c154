package contract

import (
	"context"
	"sync"
	"testing"

	"surgicase/adapters/sqlstore"
	"surgicase/test/given"
)

// Two migrations at once: one does all of it, the other waits and finds nothing to do, and both end well.
func TestMigrateUp_AtOnce(t *testing.T) {
	server := given.StartMariaDB(t, "--innodb-force-primary-key=1") // every table needs a primary key there
	for name, url := range map[string]string{"SQLite": given.TempSQLite(t), "MariaDB": server.Database(t)} {
		t.Run(name, func(t *testing.T) {
			open := sqlstore.OpenSQLite
			if name == "MariaDB" {
				open = sqlstore.OpenMySQL
			}
			var all sync.WaitGroup
			steps := make([]int, 3)
			for i := range steps {
				store, err := open(sqlstore.Config{URL: url, PoolSize: 2, PoolTimeout: patience})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = store.Close() })
				all.Go(func() {
					var err error
					if steps[i], err = store.MigrateUp(context.Background()); err != nil {
						t.Errorf("migration %d: %v", i, err)
					}
				})
			}
			all.Wait()
			if name == "MariaDB" && steps[0]*steps[1]+steps[1]*steps[2]+steps[0]*steps[2] != 0 {
				t.Errorf("more than one migrated: %v", steps)
			}
		})
	}
}
