CREATE TABLE public.session AS SELECT current_schema() AS path, current_setting('check_function_bodies') AS checks, to_regclass('pg_temp.kept') IS NOT NULL AS temporary;
