package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// InTwoTrips runs a READ COMMITTED transaction that serves every workspace, as [DB.InSystemTx], in two round trips: what
// first queues travels with BEGIN, and what rest queues with COMMIT. The callbacks of the first queries have run when rest
// is called, which may also use the transaction directly. Only the group commit is worth that.
func (db *DB) InTwoTrips(ctx context.Context, first func(*pgx.Batch), rest func(pgx.Tx, *pgx.Batch) error) error {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return classify(err)
	}
	defer conn.Release() // which drops a connection whose transaction is still open
	tx := openTx{conn.Conn()}
	if err := tx.twoTrips(ctx, first, rest); err != nil {
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = tx.Rollback(undo) // the error that led here says more
		return classify(err)
	}
	return nil
}

func (tx openTx) twoTrips(ctx context.Context, first func(*pgx.Batch), rest func(pgx.Tx, *pgx.Batch) error) error {
	var begin, commit pgx.Batch
	begin.Queue(`BEGIN`)
	begin.Queue(`SELECT set_config('handrail.workspace', '` + AllWorkspaces + `', true)`)
	first(&begin)
	if err := tx.SendBatch(ctx, &begin).Close(); err != nil {
		return err
	}
	if err := rest(tx, &commit); err != nil {
		return err
	}
	commit.Queue(`COMMIT`)
	return tx.SendBatch(ctx, &commit).Close()
}

// openTx is a transaction that was begun by a query of a batch.
type openTx struct{ *connection }

// connection gives the embedded field of [openTx] a name that [pgx.Tx] does not use.
type connection = pgx.Conn

func (tx openTx) Commit(ctx context.Context) error { return tx.run(ctx, `COMMIT`) }

func (tx openTx) Rollback(ctx context.Context) error { return tx.run(ctx, `ROLLBACK`) }

func (tx openTx) run(ctx context.Context, sql string) error {
	_, err := tx.Exec(ctx, sql)
	return err
}

// LargeObjects is part of [pgx.Tx]; nobody here has any.
func (openTx) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Conn is the connection.
func (tx openTx) Conn() *pgx.Conn { return tx.connection }
