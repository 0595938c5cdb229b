package variants

func (f *finder) ordered() bool { return true }
