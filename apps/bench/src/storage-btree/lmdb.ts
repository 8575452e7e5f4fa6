/** The same program as in the bench of the LSM tree. */
import '../storage-lsm/lmdb.ts';
