-- The currency of a tenant's books: what its chart of accounts is set up in.
ALTER TABLE tenancy.tenants ADD COLUMN currency text NOT NULL DEFAULT 'EUR' CHECK (currency ~ '^[A-Z]{3}$');
