// The package is loaded, and that is all.
import 'berkeley';
