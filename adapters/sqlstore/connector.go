package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
)

// Login is who the database lets in.
type Login struct{ User, Password string }

// Logins gives the login to use now; with fresh it asks past every cache.
type Logins func(ctx context.Context, fresh bool) (Login, error)

// Error numbers of a refused login.
const (
	mysqlDenied         = 1045
	mysqlDeniedDatabase = 1044
	mysqlDeniedPlugin   = 1698
)

// loginPause is how long to wait before a refused login is tried again.
const loginPause = 200 * time.Millisecond

// connector opens connections with a login that may change at any time. Who changes a password changes it
// in the database and in the secret, one after the other: meanwhile the old login is tried, too, and a
// refused one again for a while. Source: spec/decisions.md 10.
type connector struct {
	config   *mysql.Config
	logins   Logins
	patience time.Duration

	mu   sync.Mutex
	good Login // the last that was let in
}

// Driver implements driver.Connector.
func (*connector) Driver() driver.Driver { return mysql.MySQLDriver{} }

// Connect implements driver.Connector.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	deadline := time.Now().Add(c.patience) //nolint:forbidigo // real seconds; no rule depends on it
	for {
		conn, err := c.attempt(ctx)
		if !loginRefused(err) || !time.Now().Before(deadline) { //nolint:forbidigo // as above
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(loginPause):
		}
	}
}

// attempt tries the login at hand, then what the secret says now, then the one that was good last.
func (c *connector) attempt(ctx context.Context) (conn driver.Conn, err error) {
	tried := map[Login]bool{}
	for _, give := range []func() (Login, error){
		func() (Login, error) { return c.logins(ctx, false) },
		func() (Login, error) { return c.logins(ctx, true) },
		c.lastGood,
	} {
		login, missing := give()
		if missing != nil {
			err = errors.Join(err, missing)
			continue
		}
		if tried[login] {
			continue
		}
		tried[login] = true
		if conn, err = c.with(ctx, login); !loginRefused(err) {
			return conn, err
		}
	}
	return nil, err
}

func (c *connector) lastGood() (Login, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.good == (Login{}) {
		return Login{}, errors.New("no login was good yet")
	}
	return c.good, nil
}

func (c *connector) with(ctx context.Context, login Login) (driver.Conn, error) {
	config := c.config.Clone()
	config.User, config.Passwd = login.User, login.Password
	one, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	conn, err := one.Connect(ctx)
	if err == nil {
		c.mu.Lock()
		c.good = login
		c.mu.Unlock()
	}
	return conn, err
}

func loginRefused(err error) bool {
	var my *mysql.MySQLError
	return errors.As(err, &my) && (my.Number == mysqlDenied || my.Number == mysqlDeniedDatabase || my.Number == mysqlDeniedPlugin)
}

// connecting is how the pool opens connections.
func (c Config) connecting(config *mysql.Config) (*generations, error) {
	if c.Logins == nil {
		one, err := mysql.NewConnector(config)
		return &generations{Connector: isolated{one}}, err
	}
	return &generations{Connector: isolated{&connector{config: config, logins: c.Logins, patience: c.PoolTimeout}}}, nil
}

// generations is a connector whose open connections can all be retired at once: after a failover those to the old
// primary still answer, and would go on to refuse writes for as long as the pool keeps them.
type generations struct {
	driver.Connector
	current atomic.Int64
}

// retire has the pool close every connection that is open now instead of using it again.
func (g *generations) retire() { g.current.Add(1) }

// Connect implements driver.Connector. Its errors are marked with errConnect.
func (g *generations) Connect(ctx context.Context) (driver.Conn, error) {
	generation := g.current.Load()
	conn, err := g.Connector.Connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, errors.Join(errConnect, err)
	}
	able, ok := conn.(mysqlConnection)
	if !ok {
		return nil, errors.Join(errors.New("the driver of MySQL lacks an interface that is relied on"), conn.Close())
	}
	return &generationConn{able, g, generation}, nil
}

// mysqlConnection is what a connection of MySQL can do, as far as it matters here.
type mysqlConnection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type generationConn struct {
	mysqlConnection
	of         *generations
	generation int64
}

func (c *generationConn) retired() bool { return c.generation < c.of.current.Load() }

// ResetSession implements driver.SessionResetter: the pool calls it before it uses a connection again.
func (c *generationConn) ResetSession(ctx context.Context) error {
	if c.retired() {
		return driver.ErrBadConn
	}
	return c.mysqlConnection.ResetSession(ctx)
}

// IsValid implements driver.Validator: the pool calls it before it keeps a connection.
func (c *generationConn) IsValid() bool { return !c.retired() && c.mysqlConnection.IsValid() }

// isolated has transactions repeat their reads whatever the server is set to. With READ COMMITTED, which
// hosts of databases like to set, nothing locks the entries that a run is summed up from: of two who take
// back payments of one run, the later would write a sum without the other's.
type isolated struct{ driver.Connector }

const repeatableRead = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"

// Connect implements driver.Connector.
func (c isolated) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	session, able := conn.(driver.ExecerContext)
	if !able {
		return nil, errors.Join(errors.New("the driver of MySQL takes no statements"), conn.Close())
	}
	if _, err := session.ExecContext(ctx, repeatableRead, nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
