CREATE SCHEMA app;
SET search_path = app, public;
SET check_function_bodies = off;
CREATE TEMPORARY TABLE kept (id int);
