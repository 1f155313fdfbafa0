-- SPDX-License-Identifier: Apache-2.0
-- What is asked: a view of one row, for engines have no syntax for parameters in common. Change the values and run it again.
-- of_service, version_a, version_b: whom to compare. from_age, to_age: at which ages of a process, in seconds, the same for both versions: a
-- young process grows while it warms up. z: how sure to be, in standard errors; 4 is about 1 in 30,000, so that of some hundreds of classes
-- asked at once rarely one is named by chance. least_deviations, least_bytes: what makes a pod differ from the others (differ.sql).
CREATE OR REPLACE TEMP VIEW question AS
SELECT 'orders' AS of_service, '1.4.2' AS version_a, '1.5.0' AS version_b, 0 AS from_age, 3600 AS to_age,
  4 AS z, 6 AS least_deviations, 200000 AS least_bytes
