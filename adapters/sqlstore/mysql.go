package sqlstore

import (
	"database/sql"
	"net/url"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"

	"surgicase/domain/fault"
)

// maxConnectionAge lets a database move behind its name without a restart of ours.
const maxConnectionAge = 30 * time.Minute

// OpenMySQL opens a MySQL or MariaDB database with a pool of PoolSize idle connections and
// PoolOverflow more under load.
func OpenMySQL(c Config) (*Store, error) {
	dsn, err := mysqlDSN(c.URL)
	if err != nil {
		return nil, err
	}
	connect, err := c.connecting(dsn)
	if err != nil {
		return nil, unavailable(err)
	}
	db, err := gorm.Open(mysql.New(mysql.Config{
		Conn:                      sql.OpenDB(connect), // by its text the driver would lose where its log goes
		SkipInitializeWithVersion: true,
		DisableWithReturning:      true, // MariaDB takes MySQL's path, so that testing on it means something
	}), c.gormConfig())
	if err != nil {
		return nil, unavailable(err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, unavailable(err)
	}
	most := max(c.PoolSize+c.PoolOverflow, 1)
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(max(c.PoolSize, 1))
	pool.SetConnMaxLifetime(maxConnectionAge)
	return &Store{
		write: db, read: db, readTx: &sql.TxOptions{ReadOnly: true}, share: " LOCK IN SHARE MODE", dialect: "mysql",
		keys: c.Keys, slots: make(chan struct{}, most), wait: c.PoolTimeout, onAway: c.OnAway, connect: connect,
	}, nil
}

// mysqlDSN reads our URL form. Instants are numbers in our schema, so no time zone is involved.
func mysqlDSN(text string) (*driver.Config, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return nil, fault.New(fault.Invalid, "invalid_database_url", "must be mysql://user:password@host:port/database")
	}
	c := driver.NewConfig()
	c.Net, c.Addr, c.DBName = "tcp", u.Host, strings.Trim(u.Path, "/")
	if u.Port() == "" {
		c.Addr = u.Host + ":3306"
	}
	if u.User != nil {
		c.User = u.User.Username()
		c.Passwd, _ = u.User.Password()
	}
	c.TLSConfig = u.Query().Get("tls")
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 5*time.Second, time.Minute, time.Minute
	c.Collation = "utf8mb4_bin"
	c.InterpolateParams = true // one round trip for a statement instead of three
	c.ParseTime = true         // for goose, which notes when it applied a migration
	c.ClientFoundRows = true   // an UPDATE counts the rows it matched, changed or not
	c.Params = map[string]string{"sql_mode": "'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'"}
	c.Logger = quiet{}
	return c, nil
}

// quiet drops the driver's own log: it would go to standard error, past ours.
type quiet struct{}

func (quiet) Print(...any) {}
