package sqlstore

import (
	"errors"

	"github.com/go-sql-driver/mysql"
)

// mysqlEffect is what an error of the server means for the transaction that met it.
type mysqlEffect int

const (
	mysqlDefect      mysqlEffect = iota // of the program, the schema or the values: the answer is a 500 and a log line
	mysqlRetryHere                      // the server took the transaction back; the same server takes it again
	mysqlRetryOnNew                     // this connection is of no use any more; a fresh one may lead to a server that takes writes
	mysqlUnavailable                    // nothing is wrong with the request: the server lacks room, time, connections or a valid login
)

// mysqlEffects lists the errors of MySQL, MariaDB, Galera, Group Replication and of the proxies in front of them
// that are no defects. 1213 is also how a Galera cluster refuses a commit.
var mysqlEffects = map[uint16]mysqlEffect{
	1020: mysqlRetryHere, // MariaDB: the row changed since the snapshot
	1205: mysqlRetryHere, // lock wait timeout
	1213: mysqlRetryHere, // deadlock
	1412: mysqlRetryHere, // a table's definition changed since the snapshot
	1614: mysqlRetryHere, // XA deadlock
	1615: mysqlRetryHere, // a prepared statement needs to be prepared anew
	1689: mysqlRetryHere, // the wait for a lock was aborted
	3058: mysqlRetryHere, // deadlock of user locks
	3101: mysqlRetryHere, // Group Replication took the commit back (certification)
	3572: mysqlRetryHere, // NOWAIT met a lock

	1047: mysqlRetryOnNew, // Galera: the node is not ready for queries
	1053: mysqlRetryOnNew, // server shutdown in progress
	1077: mysqlRetryOnNew, // normal shutdown
	1078: mysqlRetryOnNew, // got a signal
	1079: mysqlRetryOnNew, // shutdown complete
	1080: mysqlRetryOnNew, // forcing the connection closed
	1152: mysqlRetryOnNew, // aborted connection
	1158: mysqlRetryOnNew, // error reading communication packets
	1159: mysqlRetryOnNew, // timeout reading communication packets
	1160: mysqlRetryOnNew, // error writing communication packets
	1161: mysqlRetryOnNew, // timeout writing communication packets
	1184: mysqlRetryOnNew, // aborted new connection
	1218: mysqlRetryOnNew, // error connecting to the primary
	1290: mysqlRetryOnNew, // --read-only, --super-read-only, --innodb-read-only
	1792: mysqlRetryOnNew, // the server makes transactions read-only (transaction_read_only)
	1836: mysqlRetryOnNew, // running in read-only mode
	1874: mysqlRetryOnNew, // InnoDB is in read-only mode
	1927: mysqlRetryOnNew, // MariaDB: the connection was killed
	2002: mysqlRetryOnNew, // proxies pass on errors of their own client: cannot connect
	2003: mysqlRetryOnNew,
	2006: mysqlRetryOnNew, // server has gone away
	2013: mysqlRetryOnNew, // lost connection during a query
	2055: mysqlRetryOnNew, // lost connection
	3032: mysqlRetryOnNew, // offline mode
	3168: mysqlRetryOnNew, // the server is not available
	3169: mysqlRetryOnNew, // the session was killed
	4031: mysqlRetryOnNew, // closed because the client was inactive
	9001: mysqlRetryOnNew, // ProxySQL: no server of the host group answers in time
	9006: mysqlRetryOnNew, // ProxySQL: the connection was closed

	1015: mysqlUnavailable, // cannot lock a file
	1016: mysqlUnavailable, // cannot open a file: too many are open
	1021: mysqlUnavailable, // disk full
	1023: mysqlUnavailable, // error closing a file
	1024: mysqlUnavailable, // error reading a file
	1026: mysqlUnavailable, // error writing a file
	1028: mysqlUnavailable, // sort aborted
	1030: mysqlUnavailable, // the storage engine failed, mostly for want of room
	1036: mysqlUnavailable, // the table is read-only
	1037: mysqlUnavailable, // out of memory
	1038: mysqlUnavailable, // out of sort memory
	1040: mysqlUnavailable, // too many connections
	1041: mysqlUnavailable, // out of resources
	1042: mysqlUnavailable, // cannot resolve the client's host
	1043: mysqlUnavailable, // bad handshake
	1044: mysqlUnavailable, // login refused for this database
	1045: mysqlUnavailable, // login refused: a password that is being rotated
	1049: mysqlUnavailable, // the database is missing: it is being restored or moved
	1114: mysqlUnavailable, // table full: the disk, the tablespace or its quota
	1129: mysqlUnavailable, // the host is blocked after too many connection errors
	1130: mysqlUnavailable, // the host may not connect
	1135: mysqlUnavailable, // cannot create a thread
	1180: mysqlUnavailable, // the commit failed
	1181: mysqlUnavailable, // the rollback failed
	1194: mysqlUnavailable, // a table is marked as crashed
	1195: mysqlUnavailable, // and its repair failed
	1197: mysqlUnavailable, // the transaction does not fit into the binary log's cache
	1203: mysqlUnavailable, // max_user_connections
	1206: mysqlUnavailable, // the lock table is full
	1223: mysqlUnavailable, // FLUSH TABLES WITH READ LOCK
	1226: mysqlUnavailable, // the account's limit per hour
	1297: mysqlUnavailable, // a temporary error of a cluster's engine
	1317: mysqlUnavailable, // the query was killed
	1429: mysqlUnavailable, // cannot connect to a foreign data source
	1430: mysqlUnavailable, // error of a foreign data source
	1598: mysqlUnavailable, // the binary log cannot be written
	1613: mysqlUnavailable, // XA timeout
	1637: mysqlUnavailable, // too many concurrent transactions
	1698: mysqlUnavailable, // login refused by an authentication plugin
	1705: mysqlUnavailable, // the statement does not fit into the binary log's cache
	1820: mysqlUnavailable, // the password has expired
	1862: mysqlUnavailable, // the password has expired
	1964: mysqlUnavailable, // MariaDB: an earlier commit failed
	1969: mysqlUnavailable, // MariaDB: max_statement_time
	3015: mysqlUnavailable, // the storage engine is out of memory
	3019: mysqlUnavailable, // the undo log's memory is exhausted
	3024: mysqlUnavailable, // max_execution_time
	3100: mysqlUnavailable, // Group Replication refused the commit
	3118: mysqlUnavailable, // the account is locked
	3159: mysqlUnavailable, // the server demands TLS
	3170: mysqlUnavailable, // out of memory for an operation
	3675: mysqlUnavailable, // disk full while a table or tablespace is made
	3955: mysqlUnavailable, // the account is blocked for a while after failed logins
	4139: mysqlUnavailable, // index file full
	4150: mysqlUnavailable, // MariaDB: the account is blocked after failed logins
	4151: mysqlUnavailable, // MariaDB: the account is locked
	4192: mysqlUnavailable, // MariaDB: slave_max_statement_time
	9002: mysqlUnavailable, // ProxySQL: no connection is free
}

// effectOf returns what an error of MySQL means, and whether the error is one of MySQL.
func effectOf(err error) (effect mysqlEffect, isMySQL bool) {
	var my *mysql.MySQLError
	if !errors.As(err, &my) {
		return mysqlDefect, false
	}
	return mysqlEffects[my.Number], true
}
