package anomaly

// The names of anomalies, which are for ever: alarms and queries are built on them.
const (
	NameDeleteSurge            = "DeleteSurge"
	NameNewDeleter             = "NewDeleter"
	NameDeniedDelete           = "DeniedDelete"
	NameOpaqueBulkDelete       = "OpaqueBulkDelete"
	NameDeletedSoonAfterUpload = "DeletedSoonAfterUpload"
	NameRepeatedDelete         = "RepeatedDelete"
	NameReadAfterDelete        = "ReadAfterDelete"
	NamePermanentDelete        = "PermanentDelete"
	NameProtectionRemoved      = "ProtectionRemoved"
	NameEncryptedOverwrite     = "EncryptedOverwrite"
	NameAttackSequence         = "AttackSequence"
	NameMissingLogFiles        = "MissingLogFiles"
	NameAlteredLogFiles        = "AlteredLogFiles"
)
